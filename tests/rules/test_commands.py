"""The commands that ask rules and calendar from the shell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal.cli.calendar import calendar_commands
from portal.cli.rules import rules_commands
from tests.rules.answers import SPEC_EXAMPLE

SHEETS = [
    {"defect_finding": finding, "recommend_investigation": "yes", "continued_monitoring": "no"}
    for finding in ("yes", "yes", "no", "no", "uncertain")
]


def ask(command: str, text: str | bytes) -> Result:
    return CliRunner().invoke(rules_commands, [command], input=text)


def answers(result: Result) -> list[Any]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def calendar(*arguments: str) -> Result:
    return CliRunner().invoke(calendar_commands, arguments)


def test_evaluate_answers_the_specifications_example() -> None:
    assert answers(ask("evaluate", json.dumps(SPEC_EXAMPLE))) == [
        {
            "edition": "standard-2024-11-21",
            "defect_finding": {"answer": "yes", "clauses": ["判定规则"]},
            "recommend_investigation": {"answer": "yes", "clauses": ["开展调查原则 3"]},
            "continued_monitoring": {"answer": "no", "clauses": []},
        }
    ]


def test_evaluate_answers_one_object_a_line_and_one_over_several_lines() -> None:
    second = {**SPEC_EXAMPLE, "severity": None, "likelihood": None, "defect_finding": None, "prevalence": "no"}
    text = json.dumps(SPEC_EXAMPLE, indent=2) + "\n\n" + json.dumps(second) + "\r\n"
    first, other = answers(ask("evaluate", text))
    assert first["defect_finding"]["answer"] == "yes"
    assert other["defect_finding"] == {"answer": None, "clauses": []}
    assert other["recommend_investigation"] == {"answer": "no", "clauses": []}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"severity": True}, "severity"),
        ({"colour": "red"}, "colour"),
        ({"producer_causes": {}}, "producer_causes.design"),
    ],
)
def test_evaluate_names_the_key_and_answers_nothing(changed: dict[str, Any], key: str) -> None:
    result = ask("evaluate", json.dumps(SPEC_EXAMPLE) + "\n" + json.dumps({**SPEC_EXAMPLE, **changed}))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"第 2 个对象：{key}：" in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "{",
        "[]",
        "null",
        '"x"',
        '{"panel": 3, "panel": 3, "sheets": []}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"severity": ' + "9" * 5000 + "}",
        '{"\\ud800": 1}',
        json.dumps({**SPEC_EXAMPLE, "severity": float("nan")}),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("command", ["evaluate", "tally"])
def test_what_is_no_input_is_refused(command: str, text: str | bytes) -> None:
    result = ask(command, text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("错误：")


def test_tally_prints_counts_answer_and_reason() -> None:
    (got,) = answers(ask("tally", json.dumps({"panel": 5, "sheets": SHEETS})))
    assert got == {
        "defect_finding": {
            "counts": {"yes": 2, "no": 2, "uncertain": 1},
            "answer": None,
            "reason": "no_majority",
        },
        "recommend_investigation": {"counts": {"yes": 5, "no": 0}, "answer": "yes"},
        "continued_monitoring": {"counts": {"yes": 0, "no": 5}, "answer": "no"},
    }


def test_tally_without_a_quorum_decides_nothing() -> None:
    (got,) = answers(ask("tally", json.dumps({"panel": 7, "sheets": SHEETS[:3]})))
    assert {question["reason"] for question in got.values()} == {"no_quorum"}
    assert {question["answer"] for question in got.values()} == {None}


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ({"panel": 5}, "sheets"),
        ({"sheets": []}, "panel"),
        ({"panel": True, "sheets": []}, "panel"),
        ({"panel": 0, "sheets": []}, "panel"),
        ({"panel": "5", "sheets": []}, "panel"),
        ({"panel": 5.0, "sheets": []}, "panel"),
        ({"panel": 5, "sheets": {}}, "sheets"),
        ({"panel": 4, "sheets": SHEETS}, "sheets"),
        ({"panel": 5, "sheets": [], "quorum": 3}, "quorum"),
        ({"panel": 5, "sheets": [SHEETS[0], None]}, "sheets[1]"),
        ({"panel": 5, "sheets": [{**SHEETS[0], "defect_finding": None}]}, "sheets[0].defect_finding"),
        (
            {"panel": 5, "sheets": [{**SHEETS[0], "recommend_investigation": "uncertain"}]},
            "sheets[0].recommend_investigation",
        ),
        ({"panel": 5, "sheets": [{"defect_finding": "yes"}]}, "sheets[0].recommend_investigation"),
        ({"panel": 5, "sheets": [{**SHEETS[0], "signer": "x"}]}, "sheets[0].signer"),
    ],
)
def test_tally_names_the_key(record: dict[str, Any], key: str) -> None:
    result = ask("tally", json.dumps(record))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"：{key}：" in result.stderr


def test_deadline_prints_the_last_day() -> None:
    result = calendar("deadline", "--from", "2026-09-30T15:00", "--working-days", "3")
    assert (result.exit_code, result.stdout) == (0, "2026-10-10\n")


def test_deadline_explains_every_day() -> None:
    result = calendar("deadline", "--from", "2026-09-30T15:00", "--working-days", "3", "--explain")
    lines = result.stdout.splitlines()
    assert lines[0] == "2026-10-10"
    assert lines[1] == "2026-09-30 周三　不计　起算日，不计入"
    assert lines[8] == "2026-10-07 周三　不计　国庆节放假"
    assert lines[11] == "2026-10-10 周六　第3日　国庆节调休上班"
    assert lines[12] == "截止 2026-10-10 24:00（北京时间），依据 国办发明电〔2025〕7号"


def test_deadline_reads_another_time_zone() -> None:
    result = calendar("deadline", "--from", "2026-11-24T16:30+00:00", "--working-days", "1")
    assert result.stdout == "2026-11-26\n"


@pytest.mark.parametrize(
    ("start", "working_days", "message"),
    [
        ("2026-12-30T15:00", "3", "2027 年"),
        ("2023-06-01T15:00", "3", "2023 年"),
        ("9999-12-31T15:00", "1", "10000 年"),
        ("2026-13-30", "3", "--from"),
        ("tomorrow", "3", "--from"),
        ("0001-01-01T00:00+14:00", "3", "--from"),
        ("2026-09-30T15:00", "0", "--working-days"),
        ("2026-09-30T15:00", "x", "--working-days"),
    ],
)
def test_deadline_refuses_what_it_cannot_count(start: str, working_days: str, message: str) -> None:
    result = calendar("deadline", "--from", start, "--working-days", working_days)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_show_prints_a_year_with_its_notice() -> None:
    lines = calendar("show", "2026").stdout.splitlines()
    assert lines[0] == "2026年　国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）"
    assert "2026-10-10 周六　国庆节调休上班" in lines
    assert lines[-1] == "工作日 248 天"
    assert calendar("show", "2027").exit_code == 2
