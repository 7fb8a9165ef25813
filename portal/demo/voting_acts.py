"""The vote of the story: sheets filled in and signed, counted, another round, the conclusion (Art. 8(6), 8(7))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.demo.scene import Scene, act
from portal.rules.dates import end_of_day
from portal.rules.editions import Edition
from portal.rules.sheet import PRODUCER_CAUSES, SheetAnswers, evaluate
from portal.services.consultation import sheet, tally, voting
from portal.services.consultation.application import edition_of

_SAFETY = ("standard_nonconformity", "danger_despite_standard", "danger_without_standard")
_ADVISED = ("recommend_investigation", "continued_monitoring")


def answers_of(scene: Scene) -> SheetAnswers:
    """The expert's sheet: the first view, what the sheet says otherwise, and in a later round what that says.

    Where nothing else is said the expert follows the rules' advice.
    """
    told, edition = scene.opinion, edition_of(scene.consultation)
    number = int(scene.given.get("round", 1))
    filled: dict[str, Any] = {**told["view"], **told["sheet"], **(told.get("second_sheet", {}) if number > 1 else {})}
    return _advised(_inputs(filled, scene.chapter.told["injury"], str(told["hazard"])), filled, edition)


def _inputs(filled: Mapping[str, Any], injury: Mapping[str, str], hazard: str) -> SheetAnswers:
    unsafe = filled.get("unsafe", ())
    texts = {f"{name}_description": filled.get("says", hazard) for name in unsafe}
    texts |= {f"injury_{kind}_description": words for kind, words in injury.items()}
    if recalled := filled.get("recalled", ""):
        texts["same_product_recalled_description"] = recalled
    if attention := filled.get("attention", ""):
        texts["public_attention_reason"] = attention
    return SheetAnswers(
        **{name: "yes" if name in unsafe else "no" for name in _SAFETY},
        injury_types=frozenset(injury),
        severity=filled["severity"],
        likelihood=filled["likelihood"],
        producer_causes={cause: "yes" if cause in filled.get("causes", ()) else "no" for cause in PRODUCER_CAUSES},
        prevalence=filled["prevalence"],
        defect_finding=filled["defect_finding"],
        same_product_recalled=bool(recalled),
        public_attention=bool(attention),
        texts=texts,
        departure_reasons=filled.get("reasons", {}),
    )


def _advised(inputs: SheetAnswers, filled: Mapping[str, Any], edition: Edition) -> SheetAnswers:
    advice = evaluate(inputs, edition)
    opinions: dict[str, Any] = {name: filled.get(name) or advice.of(name).answer for name in _ADVISED}
    return replace(inputs, **opinions)


@act
def open_vote(scene: Scene) -> None:
    """Open a round; `sign_on` is the day by whose end to sign."""
    sign_on = scene.given.get("sign_on")
    sign_by = end_of_day(scene.day(sign_on)) if sign_on is not None else None
    voting.open_vote(scene.db, actor=scene.lead, sign_by=sign_by, **scene.common)


@act
def save_sheet(scene: Scene) -> None:
    """An expert begins the sheet and leaves it as a draft."""
    own = sheet.own_sheet(scene.db, actor=scene.expert, **scene.common)
    begun = SheetAnswers(
        standard_nonconformity="no",
        danger_despite_standard="yes",
        texts={"danger_despite_standard_description": scene.opinion["hazard"]},
        severity=scene.opinion["view"]["severity"],
    )
    sheet.save_sheet(scene.db, actor=scene.expert, answers=begun, version=own.sheet.version, **scene.common)


@act
def sign_sheet(scene: Scene) -> None:
    """An expert fills in the sheet and signs it, having proved the password just now."""
    own = sheet.own_sheet(scene.db, actor=scene.expert, **scene.common)
    saved = sheet.save_sheet(
        scene.db, actor=scene.expert, answers=answers_of(scene), version=own.sheet.version, **scene.common
    )  # fmt: skip
    sheet.sign_sheet(
        scene.db, actor=scene.expert, version=saved.version, reauthenticated_at=scene.now, **scene.common
    )  # fmt: skip


@act
def close_vote(scene: Scene) -> None:
    """Close and count; with a reason where some have not signed."""
    voting.close_vote(scene.db, actor=scene.lead, reason=scene.given.get("reason", ""), **scene.common)


@act
def open_new_round(scene: Scene) -> None:
    """Go back to the discussion."""
    tally.open_new_round(scene.db, actor=scene.lead, **scene.common)


@act
def conclude_consultation(scene: Scene) -> None:
    """Settle the final opinion; with the reason where there was no majority."""
    tally.conclude_consultation(scene.db, actor=scene.lead, reason=scene.given.get("reason", ""), **scene.common)
