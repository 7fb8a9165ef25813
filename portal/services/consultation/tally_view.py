"""The page of a counted round: counts, the experts side by side, departures, how near another result was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.consultation import Stage
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.rules.editions import Edition
from portal.rules.majority import NO_QUORUM, step_pivots, vote_of, vote_pivots
from portal.rules.sheet import SheetAnswers, departures
from portal.rules.sheet_description import Field
from portal.rules.sheet_rules import QUESTIONS
from portal.services.consultation.sheet import readable_view
from portal.services.consultation.sheet_rules_view import Matrix, level_words, matrix, value_words
from portal.services.consultation.sheet_text import FACTOR_LABELS, PAPER_SCAN
from portal.services.consultation.tally import why_no_conclusion, why_no_new_round
from portal.services.consultation.voting import answer_words, answers_of, rounds_of, signed_sheets
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import open_obligations

# Causes and prevalence have a side label each in the annex; side by side they stand under one heading.
_CAUSE_AND_EXTENT = "原因与范围"
_NO_MAJORITY = "未形成多数意见"


@dataclass(frozen=True)
class CountedQuestion:
    """One of the three questions with its votes; `options` are (words, votes, whether it wins)."""

    question: str
    title: str
    words: str
    panel: int
    options: tuple[tuple[str, int, bool], ...]
    has_majority: bool
    result: str
    note: str


@dataclass(frozen=True)
class Voter:
    """An expert whose signed sheet was counted."""

    sheet_id: int
    name: str
    field: str
    institution: Institution
    on_paper: str  # how it was signed, where it was not online; else ""


@dataclass(frozen=True)
class Cell:
    """One expert's answer; `before` is that of the preliminary analysis where it was another."""

    words: str
    tone: str
    before: str
    departure_url: str


@dataclass(frozen=True)
class Row:
    """One question, all experts."""

    label: str
    differs: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DepartureLine:
    """An opinion that departs from the sheet's rules, with its reason."""

    voter: Voter
    title: str
    advised: str
    given: str
    reason: str


@dataclass(frozen=True)
class RoundDetail:
    """What only those see who may see the sheets."""

    voters: tuple[Voter, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    matrix: Matrix
    places: Mapping[tuple[int, int], tuple[Voter, ...]]
    departures: tuple[DepartureLine, ...]
    stability: tuple[tuple[str, tuple[str, ...]], ...]
    changes: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]


@dataclass(frozen=True)
class TallyPage:
    """Everything the page shows; `detail` is None for those who may see the counts only."""

    loaded: Loaded
    voting_round: VotingRound
    questions: tuple[CountedQuestion, ...]
    signed: int
    panel: int
    majority: int  # votes that make a majority
    has_quorum: bool
    quorum: int
    detail: RoundDetail | None
    round_numbers: tuple[int, ...]  # of all counted rounds
    can_decide: bool
    why_no_new_round: str | None
    why_no_conclusion: str | None
    minutes_due: Obligation | None


def tally_page(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    now: datetime,
    number: int | None = None,
    permission: str = "view_counts",
) -> TallyPage:
    """Load a counted round, the latest where `number` is None. NotFound for a round that is open or broken off.

    `permission` is what the page's address asks for: view_counts for staff, view_earlier_rounds for the panel.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=permission, now=now)
    counted = [one for one in rounds_of(db, consultation_id) if one.has_tally]
    chosen = next((one for one in counted if number in (None, one.number)), None)
    if chosen is None:
        raise NotFound
    edition, record = loaded.edition, _record(chosen)
    sees_sheets = loaded.may("view_sheets") or loaded.may("view_earlier_rounds")
    detail = _detail(db, chosen, edition) if sees_sheets else None
    is_decided_here = loaded.stage is Stage.TALLIED and chosen is counted[0]
    minutes = open_obligations(db, consultation_id, kinds=["issue_minutes"]) if is_decided_here else []
    return TallyPage(
        loaded=loaded,
        voting_round=chosen,
        questions=tuple(_question(name, record, detail, edition) for name in QUESTIONS),
        signed=record["signed"],
        panel=record["panel"],
        majority=record["signed"] // edition.value("majority_divisor").value + 1,
        has_quorum=record["signed"] >= record["quorum"],
        quorum=record["quorum"],
        detail=detail,
        round_numbers=tuple(sorted(one.number for one in counted)),
        can_decide=is_decided_here and loaded.may("conclude_consultation"),
        why_no_new_round=why_no_new_round(db, loaded, now) if is_decided_here else None,
        why_no_conclusion=why_no_conclusion(db, loaded, now) if is_decided_here else None,
        minutes_due=minutes[0] if minutes else None,
    )


def counted_questions(voting_round: VotingRound, edition: Edition) -> tuple[CountedQuestion, ...]:
    """The three questions of a counted round, votes only."""
    return tuple(_question(name, _record(voting_round), None, edition) for name in QUESTIONS)


def _record(voting_round: VotingRound) -> dict[str, Any]:
    if voting_round.tally is None:
        raise NotFound
    return voting_round.tally


def _question(name: str, record: dict[str, Any], detail: RoundDetail | None, edition: Edition) -> CountedQuestion:
    field, counted = edition.field(name), record["questions"][name]
    answer = counted["answer"]
    words = answer_words(name, answer, edition)
    return CountedQuestion(
        question=name,
        title=field.brief,
        words=field.label.rstrip("："),
        panel=record["panel"],
        options=tuple(
            (option.label, counted["counts"][option.value], option.value == answer) for option in field.options
        ),
        has_majority=answer is not None,
        result=f"多数意见：{words}" if answer is not None else words,
        note=_note(field, counted, record, detail),
    )


def _note(field: Field, counted: dict[str, Any], record: dict[str, Any], detail: RoundDetail | None) -> str:
    if counted["reason"] == NO_QUORUM:
        return f"签署不足 {record['quorum']} 份，表决无效"
    if counted["answer"] is None:
        return "没有一个选项超过半数"
    departed = [line for line in detail.departures if line.title == field.brief] if detail else []
    return f"其中 {len(departed)} 份偏离规则建议" if departed else ""


def _detail(db: Session, voting_round: VotingRound, edition: Edition) -> RoundDetail:
    sheets = signed_sheets(db, voting_round)
    answers = [answers_of(sheet, edition) for sheet in sheets]
    voters = tuple(_voter(sheet) for sheet in sheets)
    views = _first_views(db, sheets, edition)
    places: dict[tuple[int, int], tuple[Voter, ...]] = {}
    for voter, given in zip(voters, answers, strict=True):
        if given.severity is not None and given.likelihood is not None:
            key = (given.likelihood, given.severity)
            places[key] = (*places.get(key, ()), voter)
    changes = tuple(
        (voter.name, changed)
        for voter, given, view in zip(voters, answers, views, strict=True)
        if (changed := tuple(_changes(given, view, edition)))
    )
    return RoundDetail(
        voters=voters,
        groups=tuple(_groups(answers, views, edition)),
        matrix=matrix(edition.name),
        places=places,
        departures=tuple(_departures(voters, answers, edition)),
        stability=_by_label(_stability(voting_round, voters, answers, edition)),
        changes=changes,
    )


def _voter(sheet: ConsultationSheet) -> Voter:
    on_paper = FACTOR_LABELS[PAPER_SCAN] if sheet.signed_with == PAPER_SCAN else ""
    return Voter(sheet.id, sheet.member.name, sheet.member.field, sheet.member.institution, on_paper)


def _first_views(db: Session, sheets: Sequence[ConsultationSheet], edition: Edition) -> list[dict[str, Any]]:
    rows = db.execute(
        select(PreliminaryAnalysis.member_id, PreliminaryAnalysis.first_view).where(
            PreliminaryAnalysis.member_id.in_([sheet.member_id for sheet in sheets]),
            PreliminaryAnalysis.handed_in_at.is_not(None),
        )
    )
    views = {row.member_id: readable_view(row.first_view, edition) for row in rows}
    return [views.get(sheet.member_id, {}) for sheet in sheets]


def _groups(
    answers: Sequence[SheetAnswers], views: Sequence[Mapping[str, Any]], edition: Edition
) -> Iterator[tuple[str, tuple[Row, ...]]]:
    groups: dict[str, list[Row]] = {}
    departed = [{departure.question for departure in departures(given, edition)} for given in answers]
    for section in edition.sections:
        for field in section.fields:
            if field.type != "text" and not field.is_filled_by_portal:
                title = section.group if section.title else _CAUSE_AND_EXTENT
                groups.setdefault(title, []).append(_row(field, answers, views, departed))
    for title, rows in groups.items():
        yield title, tuple(rows)


def _row(
    field: Field,
    answers: Sequence[SheetAnswers],
    views: Sequence[Mapping[str, Any]],
    departed: Sequence[set[str]],
) -> Row:
    cells = []
    for given, view, questions in zip(answers, views, departed, strict=True):
        answer = given.answer(field.name)
        was = view.get(field.name, answer)
        before = f"初步分析 {value_words(field, was)}" if was != answer else ""
        tone = answer if answer in ("yes", "no") else ""
        url = "#departures" if field.name in questions else ""
        cells.append(Cell(value_words(field, answer), str(tone), before, url))
    return Row(field.brief, len({cell.words for cell in cells}) > 1, tuple(cells))


def _departures(voters: Sequence[Voter], answers: Sequence[SheetAnswers], edition: Edition) -> Iterator[DepartureLine]:
    for voter, given in zip(voters, answers, strict=True):
        for departure in departures(given, edition):
            field = edition.field(departure.question)
            advised = field.option(departure.proposed).label if departure.proposed else "未满足判定规则"
            yield DepartureLine(voter, field.brief, advised, field.option(departure.given).label, departure.reason)


def _changes(given: SheetAnswers, view: Mapping[str, Any], edition: Edition) -> Iterator[tuple[str, str, str]]:
    for name, before in view.items():
        field, after = edition.field(name), given.answer(name)
        if before != after:
            yield field.brief, value_words(field, before), value_words(field, after)


def _stability(
    voting_round: VotingRound, voters: Sequence[Voter], answers: Sequence[SheetAnswers], edition: Edition
) -> Iterator[tuple[str, str]]:
    """Whether one vote, or one step of severity or likelihood, would have turned a result; in sentences."""
    record = _record(voting_round)
    if record["signed"] < record["quorum"] or len(answers) != record["signed"]:
        return  # nothing was decided, or a sheet has become void since: there is nothing to turn
    by_vote = vote_pivots(record["panel"], [vote_of(given) for given in answers], edition)
    by_step = step_pivots(record["panel"], answers, edition)
    steady = set(QUESTIONS)
    for pivot in by_vote:
        steady.discard(pivot.question)
        field = edition.field(pivot.question)
        given, changed = field.option(pivot.given).label, field.option(pivot.changed_to).label
        yield (
            "一票",
            f"{field.brief}：一票由“{given}”改为“{changed}”，{_turned(pivot.question, pivot.result, edition)}。",
        )
    for step in by_step:
        steady.discard(step.question)
        field, level = edition.field(step.question), edition.field(step.field)
        before, after = (level_words(level.option(value).prefix) for value in (step.given, step.changed_to))
        turned = _turned(step.question, step.result, edition)
        yield "一级", f"{field.brief}：{voters[step.sheet].name}的{level.brief}由 {before} 改为 {after}，{turned}。"
    for question in QUESTIONS:
        if question in steady:
            result = answer_words(question, record["questions"][question]["answer"], edition)
            yield "稳定", f"{edition.field(question).brief}：任何一票或一级之差都不改变“{result}”。"


def _by_label(lines: Iterator[tuple[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for label, words in lines:
        found.setdefault(label, []).append(words)
    return tuple((label, tuple(sentences)) for label, sentences in found.items())


def _turned(question: str, result: str | None, edition: Edition) -> str:
    return f"结果即为“{answer_words(question, result, edition)}”" if result is not None else f"即{_NO_MAJORITY}"
