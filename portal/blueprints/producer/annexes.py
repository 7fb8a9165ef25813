"""Filling in annexes through a link: each on its page, the three of a plan from one page, then read and signed off."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, make_response, redirect, request
from werkzeug.wrappers import Response

from portal.blueprints.producer.access import file_url, given_token, holder, link_to, page_for_holder
from portal.services.recall.answer_drafts import ANNEXES_OF, hand_in_drafts
from portal.services.recall.case_documents import OBJECTION
from portal.services.recall.producer_request import ProducerRequest, producer_request
from portal.storage.kinds import ACCEPT
from portal.web.acting import look, now, perform_signed_out
from portal.web.annex_filling import AnnexFilling, disagreements, fillings_of, is_ready
from portal.web.fields import TextField
from portal.web.formats import clock_time
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import SAFE_METHODS

Answer = str | Response | tuple[str, int]


class SignOffForm(PortalForm):
    """Who signs off what is handed in."""

    signed_by = TextField("签署人姓名", longest=60, description="对填报内容负责的人，将记入案卷。")


def _add(act: str) -> None:
    """Add the pages of an act: filling in, or for a plan the page of its three annexes; and signing off."""
    address, slugs = act.replace("_", "-"), ANNEXES_OF[act]
    methods = ("GET", "POST")
    if len(slugs) == 1:
        page_for_holder(f"/{address}", methods=methods, endpoint=act)(_filling(act, slugs[0]))
    else:
        page_for_holder(f"/{address}", endpoint=act)(_named(lambda: _overview(act), f"{act}: its annexes"))
        for slug in slugs:
            page_for_holder(f"/{address}/{slug.replace('_', '-')}", methods=methods, endpoint=f"{act}_{slug}")(
                _filling(act, slug)
            )
    page_for_holder(f"/{address}/sign", methods=methods, endpoint=f"{act}_sign")(
        _named(lambda: _sign(act), f"{act}: read all of it, sign off, hand in")
    )


def _named(view: Callable[[], Answer], words: str) -> Callable[[], Answer]:
    view.__doc__ = words
    return view


def _filling(act: str, slug: str) -> Callable[[], Answer]:
    return _named(lambda: _fill(act, slug), f"{act}: fill in {slug}")


def _fill(act: str, slug: str) -> Answer:
    """One annex. Everything that comes is saved first; only then is looked at what is wrong with it."""
    found, source = _request(), holder()
    filling = AnnexFilling(source, act, slug, found.loaded.edition, file_url)
    if request.method in SAFE_METHODS:
        if "check" in request.args:
            filling.check()
        return _fill_page(found, filling)
    refused = filling.receive()
    return _saved(found, filling) if refused is None else (_fill_page(found, filling), refused)


def _saved(found: ProducerRequest, filling: AnnexFilling) -> Answer:
    """Where to go from a page that was saved: on, back to it, or to what is wrong."""
    if is_htmx():
        response = make_response(render("producer/saved.html", version=filling.version))
        response.headers["X-Saved-At"] = clock_time(now())
        return response
    stays = filling.status_to_stay()
    if stays is not None:
        return _fill_page(found, filling), stays
    if "do" in request.form:
        return redirect(link_to(_after(filling.act)), 303)
    flash("已保存，可以随时用同一链接回来继续填写。", "done")
    return redirect(link_to(request.endpoint.rpartition(".")[2] if request.endpoint else "show_request"), 303)


def _after(act: str) -> str:
    """The page behind one that is complete: the other annexes, or signing off."""
    return act if len(ANNEXES_OF[act]) > 1 else f"{act}_sign"


def _fill_page(found: ProducerRequest, filling: AnnexFilling) -> str:
    is_plan = len(ANNEXES_OF[filling.act]) > 1
    return render(
        "producer/fill.html", found=found, filling=filling, form=filling.form, url=_here(filling), accept=ACCEPT,
        home=link_to("show_request"), back=link_to(filling.act if is_plan else "show_request"), is_plan=is_plan,
        label=_label(found, filling.act),
    )  # fmt: skip


def _here(filling: AnnexFilling) -> str:
    is_plan = len(ANNEXES_OF[filling.act]) > 1
    return link_to(f"{filling.act}_{filling.slug}" if is_plan else filling.act)


def _overview(act: str) -> Answer:
    """The annexes of a plan, how far each is, and where they do not agree."""
    found = _request()
    fillings = fillings_of(holder(), act, found.loaded.edition, file_url)
    problems = disagreements(fillings, found.loaded.edition)
    annexes = [
        (one, link_to(f"{act}_{one.slug}", **({"check": 1} if one.state == "lacking" else {}))) for one in fillings
    ]
    return render(
        "producer/plan.html", found=found, annexes=annexes, problems=problems, home=link_to("show_request"),
        label=_label(found, act), sign=link_to(f"{act}_sign"), owed=[one for one in found.owed if one.act == act],
        is_complete=is_ready(fillings, found.loaded.edition),
    )  # fmt: skip


def _sign(act: str) -> Answer:
    """Everything that will be handed in, to be read once more; signing it off hands it in."""
    found, source = _request(), holder()
    fillings = fillings_of(source, act, found.loaded.edition, file_url)
    if not is_ready(fillings, found.loaded.edition):
        return redirect(link_to(act, **({} if len(fillings) > 1 else {"check": 1})), 303)
    form, status = SignOffForm(typed()), 200
    if request.method == "POST":
        versions = request.form.getlist("version", type=int)
        signed = holder(form.signed_by.data or "")
        done = submit(form, hand_in_drafts, act=perform_signed_out, source=signed, what=act, versions=versions)
        if done:
            late = any(one.is_late for one in done.done)
            flash("已提交，注明逾期。" if late else "已提交。", "success")
            return redirect(link_to("show_request"), 303)
        status = done.status
    return render(
        "producer/sign.html", found=found, fillings=fillings, form=form, label=_label(found, act), back=link_to(act),
        url=link_to(f"{act}_sign"), home=link_to("show_request"), owed=[one for one in found.owed if one.act == act],
    ), status  # fmt: skip


def _request() -> ProducerRequest:
    found: ProducerRequest = look(producer_request, token=given_token())
    return found


def _label(found: ProducerRequest, act: str) -> str:
    return next((one.label for one in found.acts if one.act == act), "")


for _act in ANNEXES_OF:
    if ANNEXES_OF[_act] != (OBJECTION,):
        _add(_act)
