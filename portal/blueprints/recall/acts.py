"""Acts of a recall case that need no annex: one page for all of them, described by one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.recall import act_forms as forms
from portal.blueprints.recall import blueprint
from portal.blueprints.recall.act_words import words_of
from portal.process.recall_case import transition
from portal.services.recall import (
    answer_reviews,
    clue,
    escalation,
    filing,
    implementation,
    investigation,
    producer_answers,
    producer_links,
    review,
    taking_part,
)
from portal.services.recall.annex_copies import document_title
from portal.services.recall.case_documents import OBJECTION
from portal.services.recall.consultation_result import suggested_review_on
from portal.services.recall.overview import CaseBrief, case_brief
from portal.services.recall.producer_answers import Source
from portal.storage.kinds import ACCEPT
from portal.web.acting import current_actor, look, now, reading, write
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.uploads import UploadForm

if TYPE_CHECKING:
    from portal.models.case_document import CaseDocument

Choices = Callable[[CaseBrief], Mapping[str, Mapping[Any, str]]]


@dataclass(frozen=True)
class ActPage:
    """The page of one act: its form, what is done, and choices that depend on the case. Its words: act_words.toml."""

    act: str
    form: type[forms.CaseForm]
    service: Callable[..., Any]
    choices: Choices | None = None
    begins: Callable[[CaseBrief], Mapping[str, Any]] | None = None  # what its fields begin with
    by_producer: bool = False  # recorded for a producer that answers on paper
    weighs: str = ""  # the document that the act decides about, to be read first


def _assignable(about: CaseBrief) -> Mapping[str, Mapping[Any, str]]:
    return {"institution_id": {one.id: one.name for one in clue.assignable(reading(), about.loaded.case)}}


def _counties(about: CaseBrief) -> Mapping[str, Mapping[Any, str]]:
    return {"institution_id": {one.id: one.name for one in taking_part.counties_of(reading(), about.loaded.case)}}


def _officers(about: CaseBrief) -> Mapping[str, Mapping[Any, str]]:
    return {
        "person_id": {one.id: one.name for one in taking_part.officers_of(reading(), about.loaded.case.authority_id)}
    }


def _links(about: CaseBrief) -> Mapping[str, Mapping[Any, str]]:
    return {
        "link_id": {
            one.id: f"{producer_links.PURPOSE_LABELS[one.purpose]}　{one.recipient}"
            for one in producer_links.links_of(reading(), about.case_id)
            if one.revoked_at is None
        }
    }


def _uploads(about: CaseBrief) -> Mapping[str, Mapping[Any, str]]:
    return {
        "item": {
            f"{one.system}|{one.item}": f"{one.label} → {one.system_label}"
            for one in filing.uploads(reading(), about.loaded)
        }
    }


def _review_on(about: CaseBrief) -> Mapping[str, Any]:
    return {"review_on": suggested_review_on(reading(), about.case_id, now())}


PAGES = (
    ActPage("pass_on_clue", forms.ReasonForm, clue.pass_on_clue),
    ActPage("assign_clue", forms.AssignForm, clue.assign_clue, _assignable),
    ActPage("verify_clue", forms.ReasonForm, clue.verify_clue),
    ActPage("close_clue", forms.ReasonForm, clue.close_clue),
    ActPage("decide_review", forms.ReviewForm, review.decide_review, begins=_review_on),
    ActPage("ask_consultation", forms.ReasonForm, review.ask_consultation),
    ActPage("take_consultation_result", forms.ReasonForm, review.take_consultation_result),
    ActPage("continue_case_watch", forms.WatchForm, review.continue_case_watch, begins=_review_on),
    ActPage("end_case_watch", forms.ReasonForm, review.end_case_watch),
    ActPage("reopen_case", forms.ReasonForm, review.reopen_case),
    ActPage("take_case", forms.TakingForm, review.take_case),
    ActPage("accept_report", forms.ReasonForm, answer_reviews.accept_report, weighs="producer_report"),
    ActPage("record_admission", forms.PlanDateForm, answer_reviews.record_admission, weighs="producer_report"),
    ActPage("record_investigation_report", forms.ReasonFileForm, investigation.record_investigation_report),
    ActPage("assess_risk", forms.ReasonFileForm, investigation.assess_risk),
    ActPage("conclude_without_recall", forms.ConclusionForm, investigation.conclude_without_recall),
    ActPage("uphold_objection", forms.ObjectionUpheldForm, answer_reviews.uphold_objection, weighs=OBJECTION),
    ActPage("reject_objection", forms.PlanDateForm, answer_reviews.reject_objection, weighs=OBJECTION),
    ActPage("record_silence", forms.ReasonForm, escalation.record_silence),
    ActPage("publish_recall", forms.DecisionForm, implementation.publish_recall),
    ActPage("inspect_recall", forms.ReasonFileForm, implementation.inspect_recall),
    ActPage("order_recall_again", forms.RecallAgainForm, implementation.order_recall_again),
    ActPage("record_noncompliance", forms.ReasonForm, implementation.record_noncompliance),
    ActPage("return_summary", forms.SummaryDateForm, answer_reviews.return_summary, weighs="recall_summary"),
    ActPage("accept_summary", forms.ReasonFileForm, answer_reviews.accept_summary, weighs="recall_summary"),
    ActPage("submit_escalation", forms.ReasonFileForm, escalation.submit_escalation),
    ActPage("forward_escalation", forms.ReasonFileForm, escalation.forward_escalation),
    ActPage("record_order", forms.OrderForm, escalation.record_order),
    ActPage("resume_investigation", forms.ReasonForm, escalation.resume_investigation),
    ActPage("sanction_producer", forms.SanctionForm, escalation.sanction_producer),
    ActPage("warn_public", forms.WarningForm, escalation.warn_public),
    ActPage("ask_technical_institution", forms.TaskForm, taking_part.ask_technical_institution),
    ActPage("ask_county", forms.CountyForm, taking_part.ask_county, _counties),
    ActPage("name_person_in_charge", forms.PersonForm, taking_part.name_person_in_charge, _officers),
    ActPage("revoke_producer_link", forms.RevokeForm, producer_links.revoke_producer_link, _links),
    ActPage("record_upload", forms.UploadedForm, filing.record_upload, _uploads),
    ActPage("raise_objection", forms.ObjectionForm, producer_answers.raise_objection, by_producer=True),
    ActPage("record_completion", forms.CompletionForm, producer_answers.record_completion, by_producer=True),
    ActPage(
        "record_producer_publication",
        forms.ProducerPublicationForm,
        producer_answers.record_producer_publication,
        by_producer=True,
    ),
    ActPage("record_recall_number", forms.RecallNumberForm, producer_answers.record_recall_number, by_producer=True),
)


def _add(page: ActPage) -> None:
    """Add the page of an act at /<id>/<act>: GET says what will happen, POST does it."""

    def view(case_id: int) -> str | Response | tuple[str, int]:
        about: CaseBrief = look(case_brief, case_id=case_id, act=page.act)
        words = words_of(page.act, about.loaded.edition)
        form, status = page.form(typed()), 200
        if words.reason:
            form["reason"].label.text = words.reason
        form.offer(about.loaded, page.choices(about) if page.choices is not None else {})
        if request.method == "GET" and page.begins is not None:
            for name, value in page.begins(about).items():
                form[name].data = value
        if request.method == "POST":
            if isinstance(form, UploadForm):
                form.take_file()
            outcome = submit(form, _acting(page, case_id, form), act=_act)
            if outcome:
                flash(words.done, "success")
                return redirect(url_for("recall.view_case", case_id=case_id), 303)
            status = outcome.status
            if isinstance(form, UploadForm):
                form.keep_for_next_try()
        return render(
            "recall/act.html", form=form, about=about, line=transition(page.act), says=words.says, accept=ACCEPT,
            has_file=isinstance(form, UploadForm), documents=_weighed(page, about),
        ), status  # fmt: skip

    view.__doc__ = f"{transition(page.act).label}."
    url = f"/<int:case_id>/{page.act.replace('_', '-')}"
    blueprint.add_url_rule(url, page.act, requires(page.act)(view), methods=["GET", "POST"])


def _weighed(page: ActPage, about: CaseBrief) -> list[tuple[str, CaseDocument]]:
    if not page.weighs:
        return []
    found = look(answer_reviews.documents_in_review, case_id=about.case_id, annexes=(page.weighs,))
    return [(document_title(about.loaded.case, one), one) for one in found]


def _act(service: Callable[..., Any], **arguments: Any) -> Any:
    return write(service, now=now(), **arguments)


def _acting(page: ActPage, case_id: int, form: forms.CaseForm) -> Callable[..., Any]:
    """The service with the actor, or for a producer with the officer who records the paper."""
    actor = current_actor()

    def act(db: Any, *, now: Any) -> Any:
        given = form.given()
        if not page.by_producer:
            return page.service(db, actor=actor, case_id=case_id, now=now, **given)
        source = Source(actor, case_id, given.pop("arrived_on", None), signed_by=given.pop("signed_by", ""))
        return page.service(db, source=source, now=now, **given)

    return act


for _page in PAGES:
    _add(_page)
