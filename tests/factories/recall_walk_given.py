"""What each act of a walk is given: what is right where the case stands, or, where the walk errs, perhaps not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portal.models.case_document import LINK_PURPOSES
from portal.process.recall_case import Stage
from portal.rules.dates import beijing_day
from portal.services.kernel.case_loading import LoadedCase
from portal.services.recall.answer_reviews import Point
from portal.services.recall.case_documents import PLAN_ANNEXES, report_on_notice
from portal.services.recall.filing import gaps_of
from portal.services.recall.notices import unserved
from portal.services.recall.producer_links import open_purposes
from tests.factories.recall_story import FILE, JIANGNING, POINTS_MET, later, typed

if TYPE_CHECKING:
    from tests.factories.recall_walk import Walk

Given = dict[str, Any]
_REPORTS = ("no_report", "not_convincing", "national_request")
_ONE_NOT_MET = {**POINTS_MET, "batches": Point(is_met=False, words="批次不全")}


def given_for(walk: Walk, act: str) -> Given:
    """The arguments of the service of `act` besides session, person, case and instant."""
    return GIVEN.get(act, _reason)(walk)


def _reason(walk: Walk) -> Given:
    return {"reason": walk.either("现场核实属实", "", " ")}


def _day(walk: Walk, name: str) -> Given:
    return {name: walk.either(later(walk.now, walk.chance.choice((9, 20, 60))), later(walk.now, 0), None)}


def _files(walk: Walk) -> Given:
    return {"files": walk.either([FILE], [])}


def _report(walk: Walk) -> Given:
    return {**_reason(walk), **_files(walk)}


def _assigned(walk: Walk) -> Given:
    """Whose place it is: inside the own province its city, elsewhere the province, which decides in turn."""
    area, regulators = walk.case.product.producer_area or "320100", walk.made.regulators
    own = area[:2] == walk.case.authority.division[:2]
    right = regulators[f"{area[:4]}00" if own and area[:2] == "32" else f"{area[:2]}0000"]
    wrong = [*regulators.values(), None]
    return {"institution_id": walk.either(right, *wrong), **_reason(walk)}


def _review(walk: Walk) -> Given:
    ends = {Stage.CLOSED: "no_defect", Stage.WATCHED: "unclear"}
    right = ends.get(walk.aim, "may_be_defective") if walk.aim is not None else "may_be_defective"
    if right == "may_be_defective" and walk.case.discovered_at is not None:
        right = "unclear"
    finding = walk.either(right, "no_defect", "unclear", "may_be_defective", "")
    return {"finding": finding, **_reason(walk), **_day(walk, "review_on")}


def _at_once(walk: Walk) -> Given:
    own = "own_review" if walk.case.discovered_at is not None else "national_request"
    reason = walk.either(walk.chance.choice((own, "national_request")), "own_review", "no_report")
    return {"typed": typed("defect_investigation_notice", reason=reason)}


def _after_report(walk: Walk) -> Given:
    right = "no_report" if report_on_notice(walk.db, walk.case_id) is None else "not_convincing"
    return {"typed": typed("defect_investigation_notice", reason=walk.either(right, *_REPORTS, "own_review"))}


def _service(walk: Walk) -> Given:
    waiting, today = unserved(walk.db, walk.case_id), beijing_day(walk.now)
    if waiting and waiting[-1].dated_on is not None:  # recorded later than it was served
        today = max(waiting[-1].dated_on, today - timedelta(days=walk.chance.choice((0, 0, 3, 9))))
    outcome = walk.chance.choice(("signed", "signed", "refused"))
    signed = today if outcome == "signed" else None
    receipt = typed(
        "service_receipt", served_on=walk.either(today, later(walk.now, 2), None), servers_signed_on=today,
        received_on=walk.either(signed, None), remarks=walk.either("拒绝签收，留置送达", ""),
    )  # fmt: skip
    return {"notice_id": waiting[-1].id if waiting else None, "outcome": outcome, "typed": receipt}


def _conclusion(walk: Walk) -> Given:
    right = "unclear" if walk.aim is Stage.WATCHED else "not_established"
    return {"conclusion": walk.either(right, "unclear", ""), **_reason(walk), **_day(walk, "review_on")}


def _plan(walk: Walk) -> Given:
    plan = {slug: typed(slug) for slug in PLAN_ANNEXES}
    plan["press_release"] = typed("press_release", begins_on=later(walk.now, walk.chance.choice((3, 14))))
    plan["recall_plan"] = walk.either(typed("recall_plan"), typed("recall_plan", affected_quantity=11000))
    return {"plan": plan}


def _summary(walk: Walk, slug: str, quantity: int) -> Given:
    changed: Given = {"recalled_quantity": quantity, "new_injuries": "no", "complaints": None, "new_defects": "no",
                      "new_defects_text": ""}  # fmt: skip
    return {"typed": typed(slug, **changed), "channels": walk.either({"website": 100}, {}, {"moon": 1})}


def _gaps(walk: Walk) -> Given:
    gaps = gaps_of(walk.db, LoadedCase(walk.case, frozenset(), None))
    return {"explained": dict.fromkeys(gaps, walk.either("系统维护，下周补传", ""))}


def _person(walk: Walk) -> Given:
    own = [one.person_id for one in walk.made.officers.values() if one.institution_id == walk.case.authority_id]
    others = [one.person_id for one in walk.made.officers.values()]
    return {"person_id": walk.either(own[0] if own else None, *others)}


def _link(walk: Walk) -> Given:
    open_here = open_purposes(walk.stage) or LINK_PURPOSES
    return {
        "purpose": walk.either(walk.chance.choice(open_here), *LINK_PURPOSES),
        "recipient": walk.either("何静", ""),
        "email": walk.either(walk.chance.choice(("", "he@example.com")), "broken"),
    }


GIVEN: dict[str, Callable[[Walk], Given]] = {
    "assign_clue": _assigned,
    "decide_review": _review,
    "continue_case_watch": lambda w: {**_reason(w), **_day(w, "review_on")},
    "take_case": lambda w: {"why": w.either(w.chance.choice(("grave", "wide")), "other"), **_reason(w)},
    "issue_investigation_notice": lambda w: {
        "typed": typed("investigation_notice", report_due_on=_day(w, "day")["day"])
    },
    "record_service": _service,
    "hand_in_report": lambda w: {"typed": typed("producer_report"), **_files(w)},
    "record_admission": lambda w: {**_reason(w), **_day(w, "plan_on")},
    "investigate_at_once": _at_once,
    "investigate_after_report": _after_report,
    "record_investigation_report": _report,
    "assess_risk": _report,
    "conclude_without_recall": _conclusion,
    "issue_recall_notice": lambda w: {"typed": typed("recall_notice", defect=w.either("卡扣可能自行脱开", ""))},
    "raise_objection": lambda w: {"words": w.either("检测方法与标准不符", ""), **_files(w)},
    "uphold_objection": lambda w: {"investigates": w.aim is not Stage.CLOSED, **_reason(w)},
    "reject_objection": lambda w: {**_reason(w), **_day(w, "plan_on")},
    "hand_in_plan": _plan,
    "return_plan": lambda w: {"points": w.either(_ONE_NOT_MET, POINTS_MET, {}), "reason": "", **_day(w, "plan_on")},
    "accept_plan": lambda w: {"points": w.either(POINTS_MET, _ONE_NOT_MET, {}), "reason": ""},
    "publish_recall": lambda _w: {},
    "record_producer_publication": lambda w: {
        "place": w.either("官网", ""),
        "published_on": w.either(later(w.now, 0), later(w.now, 3)),
    },
    "record_recall_number": lambda w: {"number": w.either("S2026M0088", "")},
    "record_upload": lambda w: {
        "system": w.either("provincial", "national"),
        "item": "file",
        "uploaded_on": later(w.now, 0),
    },
    "hand_in_interim_summary": lambda w: _summary(w, "interim_summary", w.either(300, 9000, 20000)),
    "hand_in_summary": lambda w: _summary(w, "recall_summary", w.either(9600, 1)),
    "inspect_recall": _report,
    "record_completion": lambda w: {"completed_on": w.either(later(w.now, 0), later(w.now, 5), None)},
    "order_recall_again": lambda w: {
        "whys": w.either(w.chance.choice((["scope"], ["measure", "new_injury"])), [], ["other"]),
        **_reason(w),
        **_day(w, "plan_on"),
    },
    "return_summary": lambda w: {**_reason(w), **_day(w, "summary_on")},
    "complete_file": _gaps,
    "submit_escalation": _report,
    "forward_escalation": _report,
    "record_order": lambda w: {**_reason(w), **_day(w, "plan_on")},
    "sanction_producer": lambda w: {
        "ground": w.either("hides", ""),
        "measures": w.either(w.chance.choice((["talk"], ["penalty", "publication"])), []),
        **_reason(w),
    },
    "warn_public": lambda w: {"words": w.either("请停止使用", ""), **_reason(w)},
    "ask_technical_institution": lambda w: {"task": w.either("复测", ""), **_day(w, "report_on")},
    "ask_county": lambda w: {"institution_id": w.made.regulators[JIANGNING], "task": w.either("送达", "")},
    "name_person_in_charge": _person,
    "send_producer_link": _link,
    "revoke_producer_link": lambda w: {"link_id": w.either(next(iter(w.live_links()), None), None), **_reason(w)},
}
"""What each act is given; by default a reason."""

A_MOMENT, A_DAY, A_LONG_TIME = timedelta(hours=1), timedelta(hours=30), timedelta(days=45)
