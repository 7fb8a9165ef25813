"""What regulators and technical institutions do in the recall cases of the story (Workflow Art. 6–19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from portal.demo.case_answers import annex
from portal.demo.scene import ACTS, Scene, act
from portal.rules.credit_code import check_character
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import load_recall_edition
from portal.services.kernel.case_loading import find_case
from portal.services.recall import (
    answer_reviews,
    clue,
    escalation,
    filing,
    implementation,
    investigation,
    notices,
    producer_links,
    review,
    taking_part,
)
from portal.services.recall.answer_reviews import Point
from portal.services.recall.clue import PRODUCT_TEXTS, ClueInput

_FOUND_BEFORE = timedelta(days=1)

PLAIN: tuple[Callable[..., Any], ...] = (
    clue.verify_clue,
    clue.close_clue,
    clue.pass_on_clue,
    clue.assign_clue,
    review.decide_review,
    review.take_consultation_result,
    review.take_case,
    taking_part.ask_technical_institution,
    taking_part.ask_county,
    taking_part.name_person_in_charge,
    producer_links.send_producer_link,
    investigation.record_investigation_report,
    investigation.assess_risk,
    answer_reviews.record_admission,
    answer_reviews.accept_summary,
    implementation.publish_recall,
    implementation.inspect_recall,
    escalation.record_silence,
    escalation.submit_escalation,
    escalation.forward_escalation,
    escalation.sanction_producer,
    escalation.warn_public,
)
"""Acts that take what the line says as it is: days as days of the story, files by title, people and places by name."""


def _act_plainly(service: Callable[..., Any], scene: Scene) -> None:
    service(scene.db, actor=scene.officer, case_id=scene.case_id, now=scene.now, **_given(scene))


def _given(scene: Scene) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in scene.given.items():
        if name == "files":
            given[name] = scene.files_of(value)
        elif name == "to":
            given["institution_id"] = scene.setting.cast.regulators[value]
        elif name == "person":
            given["person_id"] = scene.setting.cast.actors[value].person_id
        elif name.endswith("_on"):
            given[name] = scene.day(value)
        elif name != "by":
            given[name] = value
    return given


ACTS.update({service.__name__: partial(_act_plainly, service) for service in PLAIN})


def _product_texts(scene: Scene) -> dict[str, str]:
    product = scene.chapter.product
    texts = {name: str(product[name]) for name in PRODUCT_TEXTS if name in product}
    if code := texts.get("credit_code"):
        texts["credit_code"] = code + check_character(code)
    return texts


def _clue(scene: Scene) -> ClueInput:
    told, product = scene.chapter.told, scene.chapter.product
    made = told.get("answers", {}).get("produced_between")
    return ClueInput(
        channel=told["channel"],
        found_on=beijing_day(scene.now - _FOUND_BEFORE),
        channel_note=told.get("channel_note", ""),
        product=_product_texts(scene),
        origin=product.get("origin", "domestic"),
        produced_from=scene.day(made[0]) if made else None,
        produced_until=scene.day(made[1]) if made else None,
    )


@act
def record_clue(scene: Scene) -> None:
    """Record the clue with its files."""
    files = scene.files_of(scene.given.get("files", ()))
    case = clue.record_clue(scene.db, actor=scene.officer, given=_clue(scene), now=scene.now, files=files)
    scene.setting.cases[scene.chapter.name] = case.id


@act
def edit_clue(scene: Scene) -> None:
    """Write down what the officer found out about the product and its producer."""
    case = clue.clue_to_edit(scene.db, actor=scene.officer, case_id=scene.case_id, now=scene.now)
    known = case.product
    given = ClueInput(
        case.channel, case.found_on, case.channel_note, _product_texts(scene), known.origin, known.produced_from,
        known.produced_until,
    )  # fmt: skip
    clue.edit_clue(scene.db, actor=scene.officer, case_id=case.id, given=given, version=case.version, now=scene.now)


@act
def ask_consultation(scene: Scene) -> None:
    """Ask for a consultation; the chapter that the case names goes on with its draft."""
    draft = review.ask_consultation(
        scene.db, actor=scene.officer, case_id=scene.case_id, reason=scene.given["reason"], now=scene.now
    )  # fmt: skip
    if scene.chapter.asks:
        scene.setting.consultations[scene.chapter.asks] = draft.id


@act
def receive_voluntary_plan(scene: Scene) -> None:
    """Record that a producer reports a recall by itself."""
    case = clue.receive_voluntary_plan(scene.db, actor=scene.officer, given=_clue(scene), now=scene.now)
    scene.setting.cases[scene.chapter.name] = case.id


@act
def issue_investigation_notice(scene: Scene) -> None:
    """Annex 1, with the day set for the report."""
    _issue(scene, notices.issue_investigation_notice, "investigation_notice")


@act
def investigate_after_report(scene: Scene) -> None:
    """Annex 3, as the report did not come or does not convince."""
    _issue(scene, notices.investigate_after_report, "defect_investigation_notice")


@act
def investigate_at_once(scene: Scene) -> None:
    """Annex 3 without asking the producer first."""
    _issue(scene, notices.investigate_at_once, "defect_investigation_notice")


@act
def issue_recall_notice(scene: Scene) -> None:
    """Annex 4."""
    _issue(scene, notices.issue_recall_notice, "recall_notice")


def _issue(scene: Scene, service: Callable[..., Any], slug: str) -> None:
    service(scene.db, actor=scene.officer, case_id=scene.case_id, typed=annex(scene, slug), now=scene.now)


@act
def record_service(scene: Scene) -> None:
    """Annex 5: the notice that waits is served today; the recipient signs, or refuses with remarks."""
    (notice,) = notices.unserved(scene.db, scene.case_id)
    today, remarks = beijing_day(scene.now), scene.given.get("remarks", "")
    typed = annex(
        scene, "service_receipt", documents=(notice.annex,), served_on=today, servers_signed_on=today,
        received_on=None if remarks else today, remarks=remarks, **{f"{notice.annex}_number": notice.number},
    )  # fmt: skip
    notices.record_service(
        scene.db, actor=scene.officer, case_id=scene.case_id, notice_id=notice.id,
        outcome="refused" if remarks else "signed", typed=typed, now=scene.now,
    )  # fmt: skip


@act
def return_plan(scene: Scene) -> None:
    """Return the plan; `points` says what is not met."""
    points = {name: Point(name not in scene.given["points"], scene.given["points"].get(name, "")) for name in _points()}
    answer_reviews.return_plan(
        scene.db, actor=scene.officer, case_id=scene.case_id, points=points, reason=scene.given["reason"],
        plan_on=scene.day(scene.given["plan_on"]), now=scene.now,
    )  # fmt: skip


@act
def accept_plan(scene: Scene) -> None:
    """Accept the plan, all points met."""
    answer_reviews.accept_plan(
        scene.db, actor=scene.officer, case_id=scene.case_id, points=dict.fromkeys(_points(), Point(True)),
        reason=scene.given["reason"], now=scene.now,
    )  # fmt: skip


@act
def record_upload(scene: Scene) -> None:
    """Everything that one of the two systems still misses has been uploaded."""
    loaded = find_case(scene.db, actor=scene.officer, case_id=scene.case_id)
    for due in filing.uploads(scene.db, loaded):
        if due.system == scene.given["system"] and due.uploaded_on is None:
            filing.record_upload(
                scene.db, actor=scene.officer, case_id=scene.case_id, system=due.system, item=due.item,
                uploaded_on=beijing_day(scene.now), now=scene.now,
            )  # fmt: skip


@act
def complete_file(scene: Scene) -> None:
    """Close the case with its file; `explained` says why something is not in it."""
    filing.complete_file(
        scene.db, actor=scene.officer, case_id=scene.case_id, explained=scene.given["explained"], now=scene.now
    )


def _points() -> list[str]:
    return [choice.name for choice in load_recall_edition("jiangsu-2025").choices["plan_points"]]
