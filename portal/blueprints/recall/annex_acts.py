"""Acts in which the authority fills in an annex: a draft that keeps everything typed, then issued or recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.blueprints.recall.act_words import words_of
from portal.process.errors import Invalid, Stale
from portal.process.recall_case import transition
from portal.rules.problem import Problem
from portal.rules.recall.annex_check import check_annex
from portal.services.recall import notices
from portal.services.recall.case_documents import Typed, save_document_draft
from portal.services.recall.overview import CaseBrief, case_brief
from portal.services.recall.producer_drafts import annex_to_fill
from portal.web.acting import current_actor, look, now, reading, write
from portal.web.annex_form import AnnexForm
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


class BesideForm(PortalForm):
    """What an act asks for beside its annex."""

    def given(self) -> dict[str, Any]:
        """The service's arguments."""
        return {field.short_name: field.data for field in self}


class ServiceForm(BesideForm):
    """Which notice was served, and how."""

    notice_id = wtforms.RadioField("送达的通知书", coerce=int, choices={}, validate_choice=False)
    outcome = wtforms.RadioField("送达结果", choices={}, validate_choice=False)

    def given(self) -> dict[str, Any]:
        """Nothing chosen is nothing."""
        return {"notice_id": self.notice_id.data, "outcome": self.outcome.data or ""}


@dataclass(frozen=True)
class AnnexAct:
    """An act with its annex, what is asked for beside it, and what is done. Its words: act_words.toml."""

    act: str
    annex: str
    service: Callable[..., Any]
    beside: type[BesideForm] = BesideForm


ACTS = (
    AnnexAct("issue_investigation_notice", "investigation_notice", notices.issue_investigation_notice),
    AnnexAct("investigate_at_once", "defect_investigation_notice", notices.investigate_at_once),
    AnnexAct("investigate_after_report", "defect_investigation_notice", notices.investigate_after_report),
    AnnexAct("issue_recall_notice", "recall_notice", notices.issue_recall_notice),
    AnnexAct("record_service", "service_receipt", notices.record_service, ServiceForm),
)


def _add(page: AnnexAct) -> None:
    """Add the page of an act at /<id>/<act>: GET shows the annex, POST saves it or does the act."""

    def view(case_id: int) -> str | Response | tuple[str, int]:
        about: CaseBrief = look(case_brief, case_id=case_id, act=page.act)
        fill = look(annex_to_fill, case_id=case_id, act=page.act, annex=page.annex)
        beside, status = page.beside(typed()), 200
        _offer(beside, about)
        if request.method == "POST":
            form = AnnexForm.typed(fill.annex, request.form)
            if not form.is_row_change:
                answer = _do(page, about, form, beside) if "do" in request.form else _save(page, about, form)
                if isinstance(answer, Response):
                    return answer
                status = answer
        elif fill.raw is not None:
            form = AnnexForm.from_raw_json(fill.annex, fill.raw)
        else:
            form = AnnexForm.of_values(fill.annex, fill.values)
        if page.act == "record_service" and request.method == "GET" and len(notices.unserved(reading(), case_id)) == 1:
            beside.notice_id.data = notices.unserved(reading(), case_id)[0].id
        return render(
            "recall/annex_act.html", form=form, beside=beside, about=about, line=transition(page.act),
            version=fill.version, says=words_of(page.act, about.loaded.edition).says,
        ), status  # fmt: skip

    view.__doc__ = f"{transition(page.act).label}."
    url = f"/<int:case_id>/{page.act.replace('_', '-')}"
    blueprint.add_url_rule(url, page.act, requires(page.act)(view), methods=["GET", "POST"])


def _offer(beside: BesideForm, about: CaseBrief) -> None:
    if isinstance(beside, ServiceForm):
        waiting = notices.unserved(reading(), about.case_id)
        beside.notice_id.choices = {one.id: one.number for one in waiting}
        beside.outcome.choices = {one.name: one.label for one in about.loaded.edition.choices["service_outcomes"]}


def _save(page: AnnexAct, about: CaseBrief, form: AnnexForm) -> Response | int:
    """Keep what was typed so far, also what cannot be read."""
    version = request.form.get("version", type=int)
    given = Typed(form.values, form.raw_to_json())
    try:
        write(
            save_document_draft, actor=current_actor(), case_id=about.case_id, act=page.act, annex=page.annex,
            typed=given, version=version, now=now(),
        )  # fmt: skip
    except Stale as refused:
        flash(refused.message, "soon")
        return refused.status
    flash("已保存，可以随时回来继续填写。", "done")
    return redirect(request.path, 303)


def _do(page: AnnexAct, about: CaseBrief, form: AnnexForm, beside: BesideForm) -> Response | int:
    """The act itself; problems stand beside the fields of the annex, or of what is asked beside it."""
    findings = check_annex(form.annex, form.values, about.loaded.edition)
    form.merge(findings)
    if form.problems:
        return Invalid.status
    outcome = submit(_Both(beside, form), _acting(page, about.case_id, form, beside), act=act_now)
    if outcome:
        flash(words_of(page.act, about.loaded.edition).done, "success")
        return redirect(url_for("recall.view_case", case_id=about.case_id), 303)
    return outcome.status


def _acting(page: AnnexAct, case_id: int, form: AnnexForm, beside: BesideForm) -> Callable[..., Any]:
    actor = current_actor()

    def act(db: Any, *, now: Any) -> Any:
        given = {**beside.given(), "typed": Typed(form.values)}
        return page.service(db, actor=actor, case_id=case_id, now=now, **given)

    return act


class _Both:
    """An annex and the form beside it as `submit` takes one: each problem goes where its field is."""

    def __init__(self, beside: BesideForm, annex: AnnexForm) -> None:
        self._beside, self._annex = beside, annex
        self.general = beside.general

    def validate(self) -> bool:
        """Whether the shape is right."""
        return bool(self._beside.validate())

    def refuse(self, field: str, message: str) -> int:
        """Put one problem where it belongs."""
        return self._beside.refuse(field, message)

    def add(self, problem: Problem) -> None:
        """Put a problem beside its field."""
        if problem.field.partition(".")[0] in self._annex.annex.fields:
            self._annex.add(problem)
        else:
            self._beside.add(problem)


def act_now(service: Callable[..., Any], **arguments: Any) -> Any:
    """Run a service that knows its actor."""
    return write(service, now=now(), **arguments)


for _page in ACTS:
    _add(_page)
