"""Counting a consultation's votes again from its package alone: no database, nothing of the portal's memory.

Each sheet is compared with every place that names its SHA-256, judged by the rules again, and counted again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.rules.editions import Edition, UnknownEditionError, load_edition
from portal.rules.majority import Vote, tally, tally_as_record, vote_of
from portal.rules.sheet import signing_problems
from portal.rules.sheet_record import RecordError, from_record
from portal.services.kernel.canonical import digest_of_text
from portal.services.kernel.events import digest_of_said
from portal.storage.bag_reading import Bag, UnreadableBag, check_bag, opened_bag, read_text

_SIGNING = ("sheet_signed", "paper_sheet_recorded")
_MALFORMED = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True)
class RoundRecount:
    """One round: what was recorded, and what the sheets give; None where it was not counted."""

    number: int
    is_void: bool
    recorded: Mapping[str, Any] | None
    recounted: Mapping[str, Any] | None


@dataclass(frozen=True)
class Recount:
    """What a recount found. `differences` names every one; there are none when all is equal."""

    consultation: str
    custodian: str
    edition: Edition
    head: str  # of the audit trail, to be compared with what witnesses hold
    sheets: int
    rounds: tuple[RoundRecount, ...]
    differences: tuple[str, ...]


def recount_package(source: Path) -> Recount:
    """Recount a package, zipped or unpacked. Raises UnreadableBag when it is none, or one without sheets."""
    with opened_bag(source) as bag:
        damage = [f"{one.member or '归档包'}：{one.problem}" for one in check_bag(bag)]
        try:
            said = json.loads(read_text(bag, "data/package.json"))
            edition = load_edition(said["edition"])
            sheets = [item for item in said["items"] if item["kind"] == "consultation_sheet"]
            if not sheets and said["rounds"]:
                raise UnreadableBag("这个归档包中没有会诊表，请用申请单位保存的归档包。")
            signed, differing = _signatures(bag, said)
            votes, wrong = _votes(bag, said, sheets, signed, edition)
            rounds = tuple(_recount(one, votes, edition) for one in said["rounds"])
            consultation, custodian, head = said["consultation"], said["custodian"], said["audit"]["head"]
        except UnknownEditionError as error:
            raise UnreadableBag("归档包所依据的规范版本未知。") from error
        except _MALFORMED as error:
            raise UnreadableBag("归档包中的数据不能读取。") from error
    differing += [*wrong, *(line for one in rounds for line in _differences(one, edition))]
    return Recount(consultation, custodian, edition, head, len(sheets), rounds, (*damage, *differing))


def _signatures(bag: Bag, said: Mapping[str, Any]) -> tuple[set[str], list[str]]:
    """The digests that the audit trail names as signed, and the entries of it that were changed."""
    events = json.loads(read_text(bag, f"data/{said['audit']['events']}"))
    wrong = [
        f"审计记录第 {event['id']} 号：哈希与内容不符"
        for event in events
        if digest_of_said(event["said"]) != event["digest"]
    ]
    if not events or events[-1]["digest"] != said["audit"]["head"]:
        wrong.append("审计记录：最后一条不是归档时的最新哈希")
    signed = {event["said"]["facts"]["digest"] for event in events if event["said"]["name"] in _SIGNING}
    return signed, wrong


def _votes(
    bag: Bag, said: Mapping[str, Any], sheets: Sequence[Mapping[str, Any]], signed: set[str], edition: Edition
) -> tuple[dict[str, Vote], list[str]]:
    """The vote of each sheet by its SHA-256, and what does not fit; a sheet that does not is no vote."""
    listed = {one["sha256"] for round_ in said["rounds"] for one in round_["sheets"]}
    votes: dict[str, Vote] = {}
    wrong = []
    for item in sheets:
        text = _text(bag, f"data/{item['path']}")
        digest = digest_of_text(text)
        places = {"清单": {item["sha256"]}, "本轮会诊表的校验值": listed, "签署时的审计记录": signed}
        missing = [name for name, digests in places.items() if digest not in digests]
        if missing:
            wrong.append(f"{item['path']}：SHA-256 与{'、'.join(missing)}不符")
            continue
        try:
            answers = from_record(json.loads(text)["answers"], edition)
            problems = signing_problems(answers, edition)
            votes[digest] = vote_of(answers)
        except (RecordError, *_MALFORMED):
            wrong.append(f"{item['path']}：内容不是一份完整的会诊表")
            continue
        wrong += [f"{item['path']}：{problem.message}" for problem in problems]
    held = {item["sha256"] for item in sheets}
    wrong += [f"会诊表 {digest}：包中没有" for digest in sorted(listed - held)]
    return votes, wrong


def _text(bag: Bag, path: str) -> str:
    try:
        return read_text(bag, path)
    except UnreadableBag:
        return ""  # What is missing or damaged is named by its checksum.


def _recount(one: Mapping[str, Any], votes: Mapping[str, Vote], edition: Edition) -> RoundRecount:
    if one["is_void"] or one["tally"] is None:
        return RoundRecount(one["number"], one["is_void"], one["tally"], None)
    counted = [sheet["sha256"] for sheet in one["sheets"] if sheet["state"] == "signed"]
    found = [votes[digest] for digest in counted if digest in votes]
    return RoundRecount(one["number"], False, one["tally"], tally_as_record(tally(one["panel"], found, edition)))


def _differences(one: RoundRecount, edition: Edition) -> list[str]:
    if one.recounted is None or one.recorded is None:
        return []
    numbers = [
        f"第{one.number}轮：{words}记录为 {one.recorded[name]}，重新计算为 {one.recounted[name]}"
        for name, words in (("panel", "专家组人数"), ("signed", "已签署份数"), ("quorum", "有效表决所需份数"))
        if one.recorded[name] != one.recounted[name]
    ]
    return numbers + [
        f"第{one.number}轮：“{edition.field(question).brief}”的计票与会诊表不符"
        for question, counted in one.recounted["questions"].items()
        if counted != one.recorded["questions"].get(question)
    ]
