"""What a producer hands in on paper, recorded by an officer: annexes, photographs, proof (Art. 11, 14, 16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.blueprints.recall.act_words import words_of
from portal.blueprints.recall.annex_acts import act_now
from portal.process.recall_case import transition
from portal.services.recall.answer_drafts import ANNEXES_OF, hand_in_drafts
from portal.services.recall.case_documents import OBJECTION
from portal.services.recall.overview import CaseBrief, case_brief
from portal.services.recall.producer_answers import Source
from portal.storage.kinds import ACCEPT
from portal.web.acting import current_actor, look
from portal.web.annex_filling import AnnexFilling, disagreements, fillings_of, is_ready
from portal.web.fields import DateField, TextField
from portal.web.forms import PortalForm, submit
from portal.web.fragments import render
from portal.web.guard import requires

if TYPE_CHECKING:
    from portal.models.case_document import CaseFile

Answer = str | Response | tuple[str, int]
_NOT_YET = "三份附件都填好并且一致后可以登记；退回的计划至少有一份修改过。"


class PaperForm(PortalForm):
    """When paper arrived, and who had signed it."""

    arrived_on = DateField("收到日期", description="今天收到的可以不填。")
    signed_by = TextField("生产者签署人", longest=60)

    def source(self, case_id: int) -> Source:
        """The officer who records it, with what is said of the paper."""
        return Source(current_actor(), case_id, self.arrived_on.data, signed_by=self.signed_by.data or "")

    def kept(self) -> dict[str, Any]:
        """What was typed here, for the way back to the page; a draft holds the annex alone."""
        return {field.name: field._value() for field in self if field._value()}


def _add(act: str) -> None:
    """Add the pages of an act: the annex, or for a plan the page of its three annexes and one for each."""
    slugs, address = ANNEXES_OF[act], f"/<int:case_id>/{act.replace('_', '-')}"
    if len(slugs) == 1:
        _route(address, act, act, lambda case_id: _record(case_id, act, slugs[0]))
        return
    _route(address, act, act, lambda case_id: _record_plan(case_id, act))
    for slug in slugs:
        _route(f"{address}/{slug.replace('_', '-')}", f"{act}_{slug}", act, _annex_of(act, slug))


def _annex_of(act: str, slug: str) -> Callable[[int], Answer]:
    return lambda case_id: _fill(case_id, act, slug)


def _route(rule: str, endpoint: str, act: str, view: Callable[[int], Answer]) -> None:
    view.__doc__ = f"{transition(act).label}."
    blueprint.add_url_rule(rule, endpoint, requires(act)(view), methods=["GET", "POST"])


def _no_link(_file: CaseFile) -> str:
    """A file of a draft is opened once it was handed in."""
    return ""


def _record(case_id: int, act: str, slug: str) -> Answer:
    """One annex with what is said of the paper: saved whatever is wrong with it, then recorded."""
    about = look(case_brief, case_id=case_id, act=act)
    filling = AnnexFilling(Source(current_actor(), case_id), act, slug, about.loaded.edition, _no_link)
    beside = PaperForm(request.form if request.method == "POST" else request.args)
    if request.method == "GET":
        return _page(about, filling, beside)
    status = filling.receive() or filling.status_to_stay()
    if status is not None:
        return _page(about, filling, beside), status
    if "do" not in request.form:
        flash("已保存，可以随时回来继续填写。", "done")
        return redirect(url_for(f"recall.{act}", case_id=case_id, **beside.kept()), 303)
    done = _hand_in(about, act, [filling], beside)
    if isinstance(done, Response):
        return done
    _move_problems(beside, filling)
    return _page(about, filling, beside), done


def _record_plan(case_id: int, act: str) -> Answer:
    """The three annexes of a plan, how far each is; recorded together."""
    about = look(case_brief, case_id=case_id, act=act)
    fillings = fillings_of(Source(current_actor(), case_id), act, about.loaded.edition, _no_link)
    problems = disagreements(fillings, about.loaded.edition)
    is_complete = is_ready(fillings, about.loaded.edition)
    beside, status = PaperForm(request.form if request.method == "POST" else None), 200
    if request.method == "POST":
        done = _hand_in(about, act, fillings, beside) if is_complete else beside.refuse("", _NOT_YET)
        if isinstance(done, Response):
            return done
        status = done
    urls = [url_for(f"recall.{act}_{one.slug}", case_id=case_id) for one in fillings]
    lacking = ["?check=1" if one.state == "lacking" else "" for one in fillings]
    return render(
        "recall/paper_plan.html", about=about, line=transition(act), beside=beside, problems=problems,
        annexes=[(one, url + check) for one, url, check in zip(fillings, urls, lacking, strict=True)],
        is_complete=is_complete, says=words_of(act, about.loaded.edition).says,
    ), status  # fmt: skip


def _fill(case_id: int, act: str, slug: str) -> Answer:
    """One annex of a plan."""
    about = look(case_brief, case_id=case_id, act=act)
    filling = AnnexFilling(Source(current_actor(), case_id), act, slug, about.loaded.edition, _no_link)
    if request.method == "GET":
        if "check" in request.args:
            filling.check()
        return _page(about, filling)
    status = filling.receive() or filling.status_to_stay()
    if status is not None:
        return _page(about, filling), status
    flash("已保存，可以随时回来继续填写。", "done")
    return redirect(url_for(f"recall.{act}" if "do" in request.form else f"recall.{act}_{slug}", case_id=case_id), 303)


def _hand_in(about: CaseBrief, act: str, fillings: Sequence[AnnexFilling], beside: PaperForm) -> Response | int:
    """Record what was saved; or the status of a refusal, which stands on the form."""
    posted = request.form.getlist("version", type=int) if len(fillings) > 1 else []
    versions: Sequence[int | None] = posted or [one.version for one in fillings]
    source = partial(beside.source, about.case_id)  # only once the shape of the day is right
    outcome = submit(beside, hand_in_drafts, act=act_now, source=source, what=act, versions=versions)
    if not outcome:
        return outcome.status
    flash(words_of(act, about.loaded.edition).done, "success")
    return redirect(url_for("recall.view_case", case_id=about.case_id), 303)


def _move_problems(beside: PaperForm, filling: AnnexFilling) -> None:
    """What a refusal says of a field of the annex goes there."""
    for problem in list(beside.general):
        if problem.field.partition(".")[0] in filling.form.annex.fields:
            beside.general.remove(problem)
            filling.form.add(problem)


def _page(about: CaseBrief, filling: AnnexFilling, beside: PaperForm | None = None) -> str:
    act = filling.act
    is_plan = beside is None
    back = url_for(f"recall.{act}", case_id=about.case_id) if is_plan else ""
    return render(
        "recall/paper_annex.html", about=about, filling=filling, form=filling.form, beside=beside, line=transition(act),
        says=words_of(act, about.loaded.edition).says, accept=ACCEPT, hub=back,
        returned_points=_points(about, filling),
    )  # fmt: skip


def _points(about: CaseBrief, filling: AnnexFilling) -> list[tuple[str, bool, str]]:
    returned = filling.fill.returned
    said = (returned.review_points or {}) if returned is not None else {}
    choices = about.loaded.edition.choices["plan_points"]
    return [
        (one.label, said[one.name]["is_met"], said[one.name]["words"]) for one in choices if one.name in said
    ]  # fmt: skip


for _act in ANNEXES_OF:
    if ANNEXES_OF[_act] != (OBJECTION,):
        _add(_act)
