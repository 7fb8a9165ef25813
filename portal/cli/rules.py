"""`portal rules`: the sheet's rules and the majority, asked from the shell with JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import click

from portal.rules.editions import Edition, load_edition
from portal.rules.majority import Tally, Vote, tally
from portal.rules.sheet import evaluate
from portal.rules.sheet_record import RecordError, read_choice, read_object, read_rule_inputs
from portal.rules.sheet_rules import QUESTIONS

_BAD_INPUT = 2


@click.group("rules")
def rules_commands() -> None:
    """Ask the rules of the Standard without the portal."""


@rules_commands.command("evaluate")
def evaluate_command() -> None:
    """Read sheets' answers as JSON (one object, or one a line) and print the derived answers with clauses."""
    _answer_each(_evaluate)


@rules_commands.command("tally")
def tally_command() -> None:
    """Read panels and their sheets as JSON (one object, or one a line) and print what they decide."""
    _answer_each(_tally)


def _evaluate(record: object, edition: Edition) -> dict[str, object]:
    evaluation = evaluate(read_rule_inputs(record, edition), edition)
    answer: dict[str, object] = {"edition": edition.name}
    for question in QUESTIONS:
        derived = evaluation.of(question)
        answer[question] = {"answer": derived.answer, "clauses": list(derived.clauses)}
    return answer


def _tally(record: object, edition: Edition) -> dict[str, object]:
    given = read_object(record, ("panel", "sheets"))
    panel, sheets = given["panel"], given["sheets"]
    if type(panel) is not int or panel < 1:
        raise RecordError("panel", "应为不小于 1 的整数")
    if not isinstance(sheets, list):
        raise RecordError("sheets", "应为数组")
    if len(sheets) > panel:
        raise RecordError("sheets", f"会诊表 {len(sheets)} 份，多于专家组人数 {panel}")
    votes = [_read_vote(sheet, f"sheets[{number}]", edition) for number, sheet in enumerate(sheets)]
    return _print_tally(tally(panel, votes, edition))


def _read_vote(sheet: object, where: str, edition: Edition) -> Vote:
    given = read_object(sheet, QUESTIONS, f"{where}.")
    return Vote(*(read_choice(given[q], f"{where}.{q}", edition.field(q).values) for q in QUESTIONS))


def _print_tally(counted: Tally) -> dict[str, object]:
    answer: dict[str, object] = {}
    for question in QUESTIONS:
        result = counted.of(question)
        answer[question] = {"counts": dict(result.counts), "answer": result.answer}
        if result.reason:
            answer[question] = {"counts": dict(result.counts), "answer": None, "reason": result.reason}
    return answer


def _answer_each(work: Callable[[object, Edition], Mapping[str, object]]) -> None:
    """Answer every object of standard input. Nothing is printed unless all of them can be answered."""
    edition = load_edition()
    lines = []
    for number, record in enumerate(_read_objects(), start=1):
        try:
            lines.append(json.dumps(work(record, edition), ensure_ascii=False))
        except RecordError as error:
            _fail(f"第 {number} 个对象：{error}")
    # Bytes, so that the answer is UTF-8 whatever the shell's locale.
    click.echo("\n".join(lines).encode())


def _read_objects() -> list[object]:
    """Read the JSON values of standard input, each on its own line or spread over several."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        _fail("输入不是 UTF-8 文字")
    decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates)
    records: list[object] = []
    position = _skip_blank(text, 0)
    while position < len(text):
        try:
            record, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            _fail(f"第 {error.lineno} 行第 {error.colno} 列：不是有效的 JSON")
        except RecordError as error:
            _fail(f"第 {len(records) + 1} 个对象：{error}")
        except (RecursionError, ValueError):
            _fail(f"第 {len(records) + 1} 个对象：不是有效的 JSON")
        records.append(record)
        position = _skip_blank(text, position)
    if not records:
        _fail("没有输入，应为 JSON 对象，每行一个")
    return records


def _skip_blank(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        keys = [key for key, _ in pairs]
        raise RecordError(next(key for key in keys if keys.count(key) > 1), "重复的键")
    return record


def _fail(message: str) -> NoReturn:
    click.echo(f"错误：{message}".encode("utf-8", "backslashreplace"), err=True)
    raise SystemExit(_BAD_INPUT)
