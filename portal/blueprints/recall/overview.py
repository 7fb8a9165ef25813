"""One recall case, one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, request, url_for

from portal.blueprints.recall import blueprint
from portal.process.recall_case import OUTCOMES, STAGE_LABELS
from portal.rules.dates import beijing_day
from portal.services.kernel.calendar import working_calendar
from portal.services.recall.annex_copies import document_title
from portal.services.recall.overview import CaseDuty, CaseEvent, CasePage, case_page
from portal.services.recall.producer_links import PURPOSE_LABELS
from portal.services.recall.producer_tokens import is_in_force
from portal.web.acting import look, now, reading
from portal.web.badges import badge_of
from portal.web.curves import Curves, curves
from portal.web.deadlines import Due, present_due
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.presenting import ActionView, moment, step_views

if TYPE_CHECKING:
    from portal.models.case_document import CaseDocument
    from portal.services.consultation.overview import Action

_UNREVIEWED = {"interim_summary": "已收到", "service_receipt": ""}
_SHOWN_EVENTS, _WORTH_FOLDING = 8, 4
"""What happened last stands open, the rest is folded away where it is long: on a phone more follows below it."""
_STATES = {"issued": "已制作", "handed_in": "待审查", "returned": "已退回", "accepted": "已通过"}


@blueprint.get("/<int:case_id>")
@requires("view_case")
def view_case(case_id: int) -> str:
    """Whose turn, until when, what I can do; the facts; what happened."""
    found = look(case_page, case_id=case_id, all_events="events" in request.args)
    turn = found.own_duty or next(iter(found.duties), None)
    case = found.case
    return render(
        "recall/page.html",
        found=found,
        case=case,
        stage=OUTCOMES.get(case.outcome or "", STAGE_LABELS[found.loaded.stage]),
        channel=found.loaded.edition.channels[case.channel].label,
        authority=badge_of(case.authority),
        steps=step_views(found.steps),
        turn=f"{turn.owner} {turn.kind.label}" if turn is not None else "",
        due=_due(turn),
        others=[(f"{one.owner}　{one.kind.label}", _due(one)) for one in found.duties if one is not turn],
        actions=_actions(found, aside=False),
        aside=_actions(found, aside=True),
        drawn=_drawn(found),
        documents=[_document(found, one) for one in reversed(found.documents)],
        participants=[(badge_of(one), task) for one, task in found.participants],
        producer_links=[(PURPOSE_LABELS[one.purpose], one, is_in_force(one, now())) for one in found.links],
        timeline=[_event(one) for one in found.timeline],
        shown=_shown(found),
    )


def _shown(found: CasePage) -> int:
    """How many events stand open."""
    count = len(found.timeline)
    return _SHOWN_EVENTS if count >= _SHOWN_EVENTS + _WORTH_FOLDING else count


def _due(duty: CaseDuty | None) -> Due | None:
    if duty is None or duty.obligation.due_at is None:
        return None
    one = duty.obligation
    return present_due(one.due_at, one.since_at, now(), working_calendar(reading()), is_provisional=one.is_provisional)


def _drawn(found: CasePage) -> Curves | None:
    if found.effect is None:
        return None
    return curves(found.effect.effect.actual, found.effect.effect.planned, beijing_day(now()))


def _actions(found: CasePage, *, aside: bool) -> list[ActionView]:
    duty = found.own_duty.kind if found.own_duty is not None else None
    wanted = duty.act if duty is not None else None
    is_proposed = not (aside or (duty is not None and duty.is_weighed))
    chosen = [
        one
        for one in found.actions
        if (one.is_aside and one.act != wanted) is aside and f"recall.{one.act}" in current_app.view_functions
    ]
    ordered = sorted(chosen, key=lambda one: (one.reason is not None, one.act != wanted))
    return [_action(one, found.case.id, primary=one is ordered[0] and is_proposed) for one in ordered]


def _action(action: Action, case_id: int, *, primary: bool) -> ActionView:
    url = url_for(f"recall.{action.act}", case_id=case_id)
    return ActionView(action.label, url, open=action.reason is None, reason=action.reason or "", primary=primary)


def _document(found: CasePage, document: CaseDocument) -> dict[str, Any]:
    case = found.case
    meta = [
        document.number or _served(found, document),
        f"第{document.revision}版" if document.revision > 1 and document.annex not in _UNREVIEWED else "",
        f"{document.dated_on.month}月{document.dated_on.day}日" if document.dated_on else "",
        _UNREVIEWED.get(document.annex, _STATES[document.state]),
        "逾期收到" if document.is_late else "",
        "尚未送达" if document in found.unserved else "",
    ]
    return {
        "name": document_title(case, document),
        "url": url_for("recall.view_document", case_id=case.id, document_id=document.id),
        "meta": [words for words in meta if words],
        "is_earlier": _is_earlier(found, document),
        "links": [] if document.annex == "objection" else _downloads(case.id, document.id),
    }


def _is_earlier(found: CasePage, document: CaseDocument) -> bool:
    """Whether a later version of the document stands in its place."""
    if document.annex in _UNREVIEWED:
        return False
    return any(one.annex == document.annex and one.revision > document.revision for one in found.documents)


def _served(found: CasePage, receipt: CaseDocument) -> str:
    """The number of the notice that a receipt is about."""
    return next((one.number for one in found.documents if one.id == receipt.serves_id), "")


def _downloads(case_id: int, document_id: int) -> list[tuple[str, str]]:
    given: dict[str, Any] = {"case_id": case_id, "document_id": document_id}
    return [("PDF", url_for("recall.document_pdf", **given)), ("DOCX", url_for("recall.document_docx", **given))]


def _event(entry: CaseEvent) -> dict[str, Any]:
    return {
        "at": moment(entry.at, now()),
        "iso": entry.at.isoformat(),
        "title": entry.says,
        "is_key": entry.is_stage,
        "institution": badge_of(entry.institution) if entry.institution else None,
        "actor": entry.who,
        "note": entry.detail,
    }
