"""A chapter: a consultation or a recall case of the story as its TOML file tells it, and when it goes on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from portal.demo.days import Days

_CONSULTATIONS, _CASES = "consultations", "cases"
# What the product of a consultation is called in a recall case, where the two say it differently.
_IN_A_CASE = {"batch": "batches", "suspected_defect": "defect", "registered_place": "address"}
# How long after one another people do the same thing, in minutes.
_PACE = {
    "nominate_members": 25,
    "answer_invitation": 35,
    "hand_in_analysis": 50,
    "name_participants": 20,
    "note_speech": 6,
    "sign_sheet": 45,
    "confirm_receipt": 30,
}
_BY_EXPERT = (
    "answer_invitation",
    "save_analysis",
    "hand_in_analysis",
    "note_speech",
    "answer_time_poll",
    "save_sheet",
    "sign_sheet",
)
_BY_PROVINCE = ("nominate_members", "name_participants", "answer_for_institution", "confirm_receipt")


@dataclass(frozen=True)
class Chapter:
    """One consultation or recall case: its texts, whoever speaks in it, and its timeline."""

    name: str
    told: Mapping[str, Any]
    is_case: bool = False

    @property
    def applicant(self) -> str:
        """The province whose institution applies."""
        return str(self.told["applicant"])

    @property
    def product(self) -> Mapping[str, Any]:
        """The product's texts by column name."""
        product: Mapping[str, Any] = self.told["product"]
        return product

    @property
    def asks(self) -> str:
        """The consultation that this case asks for; "" for none."""
        return str(self.told.get("asks", ""))

    @property
    def advised_by(self) -> str:
        """The consultation whose advice begins this case; "" where somebody recorded its clue."""
        return str(self.told.get("advised_by", ""))

    @property
    def materials(self) -> list[dict[str, str]]:
        """The material to be sent, in order."""
        return list(self.told.get("materials", []))

    @property
    def panel(self) -> dict[str, dict[str, Any]]:
        """What each expert thinks, by user name, in the order of the file."""
        return {one["expert"]: one for one in self.told.get("panel", [])}


@dataclass(frozen=True)
class Moment:
    """An act of a chapter at an instant; `who` is an expert's user name or a province where several act alike."""

    at: datetime
    chapter: Chapter
    act: str
    who: str
    given: Mapping[str, Any]


def chapters() -> list[Chapter]:
    """All chapters: consultations by name, then recall cases by name."""
    consultations, cases = _read(_CONSULTATIONS), _read(_CASES)
    for told in cases.values():
        if joined := told.get("asks") or told.get("advised_by"):
            told["product"] = {**_as_of_a_case(consultations[joined]["product"]), **told.get("product", {})}
    return [
        *(Chapter(name, told) for name, told in consultations.items()),
        *(Chapter(name, told, is_case=True) for name, told in cases.items()),
    ]


def _read(folder: str) -> dict[str, dict[str, Any]]:
    found = files(__package__).joinpath(folder).iterdir()
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in sorted(found, key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def _as_of_a_case(product: Mapping[str, Any]) -> dict[str, Any]:
    """The product of a consultation in the words of its recall case: what both tell is written down once."""
    return {_IN_A_CASE.get(name, name): text for name, text in product.items()}


def moments(chapter: Chapter, days: Days, province_of: Mapping[str, str]) -> Iterator[Moment]:
    """The chapter's timeline, acts of several people taken apart; `province_of` tells where an expert is registered.

    A line is [day, hour, act] or [day, hour, act, {parameters}]. `who` names the experts, `of` the provinces;
    without them all of the panel, all provinces that are concerned.
    """
    for day, hour, act, *rest in chapter.told["timeline"]:
        given: Mapping[str, Any] = rest[0] if rest else {}
        at = days.instant(day, hour)
        pace = timedelta(minutes=given.get("every", _PACE.get(act, 0)))
        for number, who in enumerate(_actors(chapter, act, given, province_of)):
            yield Moment(at + number * pace, chapter, act, who, given)


def _actors(chapter: Chapter, act: str, given: Mapping[str, Any], province_of: Mapping[str, str]) -> list[str]:
    experts = list(given.get("who", chapter.panel))
    if act in _BY_EXPERT:
        return experts
    if act == "nominate_members":
        return list(dict.fromkeys(province_of[expert] for expert in experts))
    if act in _BY_PROVINCE:
        return list(given.get("of", dict.fromkeys(province_of.values())))
    return [""]
