"""What producers hand in, in the recall cases of the story, on paper that an officer records (annexes 2, 6–10)."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from portal.demo.scene import Scene, act
from portal.models.case_document import CaseDocument
from portal.models.recall_case import RecallCase
from portal.rules.dates import beijing_day
from portal.rules.recall.annex_check import is_asked, sum_of_costs, worked_out_rate
from portal.rules.sheet_description import Field
from portal.services.recall import producer_answers
from portal.services.recall.case_documents import PLAN_ANNEXES, Typed, annex_of, beginning_of
from portal.services.recall.given import keep_files
from portal.services.recall.producer_answers import Source


@cache
def usual_answers() -> Mapping[str, Mapping[str, Any]]:
    """What every producer of the story answers alike, by annex; `all` stands in any."""
    told: Mapping[str, Mapping[str, Any]] = tomllib.loads(
        files(__package__).joinpath("case_answers.toml").read_text("utf-8")
    )
    return told


def annex(scene: Scene, slug: str, **typed: Any) -> Typed:
    """An annex filled in: what the case knows, what is usual, what the chapter and the line say, and `typed`."""
    case = scene.db.get_one(RecallCase, scene.case_id)
    description, told = annex_of(case, slug), scene.chapter.told
    facts = defaultdict(str, {**scene.chapter.product, **told.get("answers", {})})
    said = {
        **_in_words(usual_answers()["all"], facts),
        **_in_words(usual_answers().get(slug, {}), facts),
        **told.get("answers", {}),
        **told.get(slug, {}),
        **scene.given.get("answers", {}),
    }
    values: dict[str, Any] = beginning_of(scene.db, case, slug, "authority")
    values |= {name: _typed(scene, description.field(name), said[name]) for name in said if name in description.fields}
    values |= typed
    _work_out(values)
    return Typed({name: value for name, value in values.items() if is_asked(description.field(name), values)})


def _in_words(usual: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said.format_map(facts) if isinstance(said, str) else said for name, said in usual.items()}


def _typed(scene: Scene, field: Field, said: Any) -> Any:
    """As the field holds it: a day of the story for a date, exact numbers for money and percentages."""
    match field.type:
        case "date":
            return scene.day(said)
        case "date_range":
            first, last = (scene.day(day) for day in said)
            return (first, last)
        case "money" | "percentage":
            return Decimal(str(said))
        case "ticks" | "table":
            return tuple(said)
    return said


def _work_out(values: dict[str, Any]) -> None:
    """What follows from other answers: the rate, whether it was reached, the total of the costs."""
    if "actual_rate" in values and (rate := worked_out_rate(values)) is not None:
        reached = rate >= values["expected_rate"]
        values |= {"actual_rate": rate, "target_reached": "yes" if reached else "no"}
        if reached:
            values["shortfall_reasons"] = ()
    if "budget_quantity" in values:
        values["budget_quantity"] = values["affected_quantity"]
    if "total_cost" in values:
        values["total_cost"] = sum_of_costs(values)


def _paper(scene: Scene) -> Source:
    signed_by = scene.chapter.told.get("answers", {}).get("responsible_name", "")
    return Source(actor=scene.officer, case_id=scene.case_id, signed_by=signed_by)


@act
def hand_in_report(scene: Scene) -> None:
    """Annex 2, with its photographs."""
    document = producer_answers.hand_in_report(
        scene.db, source=_paper(scene), typed=annex(scene, "producer_report"),
        files=scene.files_of(scene.given.get("files", ())), now=scene.now,
    )  # fmt: skip
    _keep_photographs(scene, document, "appearance_photographs")


@act
def raise_objection(scene: Scene) -> None:
    """An objection in writing, with what proves it."""
    producer_answers.raise_objection(
        scene.db, source=_paper(scene), words=scene.given["words"],
        files=scene.files_of(scene.given.get("files", ())), now=scene.now,
    )  # fmt: skip


@act
def hand_in_plan(scene: Scene) -> None:
    """Annexes 6, 7 and 8, with their photographs."""
    plan = {slug: annex(scene, slug) for slug in PLAN_ANNEXES}
    documents = producer_answers.hand_in_plan(scene.db, source=_paper(scene), plan=plan, now=scene.now)
    by_annex = {document.annex: document for document in documents}
    _keep_photographs(scene, by_annex["recall_plan"], "photographs")
    _keep_photographs(scene, by_annex["recall_statement"], "appearance_photographs")


@act
def record_recall_number(scene: Scene) -> None:
    """The number of the national system has come back."""
    producer_answers.record_recall_number(scene.db, source=_paper(scene), number=scene.given["number"], now=scene.now)


@act
def record_producer_publication(scene: Scene) -> None:
    """The producer told the public today."""
    producer_answers.record_producer_publication(
        scene.db, source=_paper(scene), place=scene.given["place"], published_on=beijing_day(scene.now), now=scene.now
    )


@act
def hand_in_interim_summary(scene: Scene) -> None:
    """Annex 10, with the quantities by channel."""
    producer_answers.hand_in_interim_summary(
        scene.db, source=_paper(scene), typed=annex(scene, "interim_summary"), channels=scene.given["channels"],
        now=scene.now,
    )  # fmt: skip


@act
def record_completion(scene: Scene) -> None:
    """The plan was completed on a day of the story."""
    completed_on: date = scene.day(scene.given["completed_on"])
    producer_answers.record_completion(scene.db, source=_paper(scene), completed_on=completed_on, now=scene.now)


@act
def hand_in_summary(scene: Scene) -> None:
    """Annex 9, with the quantities of the last period by channel."""
    producer_answers.hand_in_summary(
        scene.db, source=_paper(scene), typed=annex(scene, "recall_summary"), channels=scene.given["channels"],
        now=scene.now,
    )  # fmt: skip


def _keep_photographs(scene: Scene, document: CaseDocument, field: str) -> None:
    shown = [told["title"] for told in scene.chapter.materials if told.get("kind") == "photograph"]
    case = scene.db.get_one(RecallCase, scene.case_id)
    keep_files(
        scene.db, case, scene.files_of(shown), now=scene.now, actor=scene.officer, document=document, field=field
    )  # fmt: skip
