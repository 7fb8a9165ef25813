"""What is missing or contradictory in a typed annex, what deserves a second look, and what alerts the supervisor.

Typed values by field name: texts are str, dates date, date ranges a pair of dates, numbers int, money and
percentages Decimal, ticks a collection of values, tables a sequence of rows; what is empty is "", None or ().
A percentage is the number before the sign: 87.5 for 87.5%.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from portal.rules.credit_code import check_credit_code
from portal.rules.problem import Problem
from portal.rules.recall.annexes import Annex
from portal.rules.recall.editions import RecallEdition
from portal.rules.sheet_description import Field

Values = Mapping[str, object]

COSTS = (
    *("repair_cost", "logistics_cost", "disposal_cost", "labour_cost", "compensation_cost", "legal_cost"),
    *("market_loss", "other_cost"),
)
"""What the total of annex 8 adds up; the two unit prices are no sums and stay out."""


@dataclass(frozen=True, slots=True)
class Findings:
    """`problems` have to be put right, `warnings` may stand, `alerts` are told to the supervisor (Art. 17)."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    alerts: tuple[Problem, ...] = ()


def check_annex(annex: Annex, values: Values, edition: RecallEdition) -> Findings:
    """Check the typed values of an annex against its description and the rules that it has to keep."""
    problems = [*_missing(annex, values, edition), *_disorder(annex, values, edition)]
    code = values.get("credit_code")
    if "credit_code" in annex.fields and isinstance(code, str) and code:
        problems += check_credit_code(code)
    problems += _quantities(annex, values, edition)
    problems += _shortfall(annex, values, edition)
    return Findings(tuple(problems), (*_budget(annex, values), *_rate(annex, values)), _alerts(annex, values, edition))


def check_plan_agrees(
    plan: Values, press_release: Values, statement: Values, edition: RecallEdition
) -> tuple[Problem, ...]:
    """Return where annexes 6, 7 and 8 of one plan name different quantities (Art. 14: 数量真实)."""
    named = {"附件7": press_release.get("affected_quantity"), "附件8": statement.get("affected_quantity")}
    own = plan.get("affected_quantity")
    return tuple(
        _of_article("affected_quantity", f"附件6的涉及数量为{own}，{where}为{other}，应当一致", "14", edition)
        for where, other in named.items()
        if isinstance(own, int) and isinstance(other, int) and own != other
    )


def completion_rate(recalled: int, affected: int) -> Decimal:
    """Return 完成召回消费品数量/涉及消费品数量 in percent, to two places (annexes 9 and 10, note).

    No affected product, a negative number, or more recalled than affected is a ValueError.
    """
    if affected < 1 or not 0 <= recalled <= affected:
        raise ValueError("recalled must lie between none and all of the affected")
    return (Decimal(100) * recalled / affected).quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_asked(field: Field, values: Values) -> bool:
    """Whether a field is to be filled in, given what the field it depends on says."""
    if not field.asked_by:
        return True
    answer = values.get(field.asked_by)
    if isinstance(answer, list | tuple | set | frozenset):
        return field.asked_when in answer
    return answer == field.asked_when


def _is_empty(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | tuple | set | frozenset | dict) and not value)


def _of_article(field: str, words: str, article: str, edition: RecallEdition) -> Problem:
    return Problem(field, f"{words}（{edition.cite(article)}）", article)


def _missing(annex: Annex, values: Values, edition: RecallEdition) -> list[Problem]:
    problems = []
    for field in annex.fields.values():
        value = values.get(field.name)
        if not is_asked(field, values):
            continue
        if _is_empty(value):
            if field.required:
                verb = "选择" if field.options else "填写"
                problems.append(_of_article(field.name, f"请{verb}“{field.brief}”", annex.article, edition))
            continue
        problems += _not_allowed(field, value, annex, edition)
    return problems


def _not_allowed(field: Field, value: object, annex: Annex, edition: RecallEdition) -> list[Problem]:
    """What is there but cannot be: an answer that is no option, a number below nought, a row with gaps."""
    if field.options:
        answers = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        if set(answers) - set(field.values):
            return [_of_article(field.name, f"“{field.brief}”只能从所列选项中选择", annex.article, edition)]
    if isinstance(value, int | Decimal) and value < 0:
        return [_of_article(field.name, f"“{field.brief}”不能小于0", annex.article, edition)]
    if field.type == "percentage" and isinstance(value, int | Decimal) and value > 100:
        return [_of_article(field.name, f"“{field.brief}”不能超过100%", annex.article, edition)]
    if field.columns and isinstance(value, Sequence):
        return [
            _of_article(
                f"{field.name}.{place}.{column.name}",
                f"请填写第{place + 1}行的“{column.brief}”",
                annex.article,
                edition,
            )
            for place, row in enumerate(value)
            for column in field.columns
            if column.required and _is_empty(row.get(column.name))
        ]
    return []


def _disorder(annex: Annex, values: Values, edition: RecallEdition) -> list[Problem]:
    problems = []
    for field in annex.fields.values():
        value = values.get(field.name)
        if field.type == "date_range" and isinstance(value, tuple) and len(value) == 2 and value[0] > value[1]:
            problems.append(_of_article(field.name, f"“{field.brief}”的起始日期晚于截止日期", annex.article, edition))
    served, received = values.get("served_on"), values.get("received_on")
    if isinstance(served, date) and isinstance(received, date) and received < served:
        problems.append(_of_article("received_on", "收件人签名日期早于送达日期", annex.article, edition))
    begins, produced = values.get("begins_on"), values.get("produced_between")
    if isinstance(begins, date) and isinstance(produced, tuple) and begins < produced[0]:
        problems.append(_of_article("begins_on", "召回开始日期早于产品制造日期", annex.article, edition))
    return problems


def _quantities(annex: Annex, values: Values, edition: RecallEdition) -> list[Problem]:
    """Quantities that cannot all be true are refused (Art. 14: 数量真实)."""
    produced, affected = values.get("produced_quantity"), values.get("affected_quantity")
    recalled, total = values.get("recalled_quantity"), values.get("total_quantity")
    sellers, budget = values.get("sellers"), values.get("budget_quantity")
    if not isinstance(affected, int):
        return []
    contradictions = []
    if isinstance(produced, int) and affected > produced:
        contradictions.append(("affected_quantity", f"涉及数量{affected}多于生产数量{produced}，数量应当真实"))
    if isinstance(sellers, Sequence) and not isinstance(sellers, str):
        sold = sum(row["quantity"] for row in sellers if isinstance(row.get("quantity"), int))
        if sold > affected:
            contradictions.append(("sellers", f"各销售商销售数量合计{sold}，多于涉及数量{affected}，数量应当真实"))
    if isinstance(budget, int) and budget != affected:
        contradictions.append(
            ("budget_quantity", f"费用预算的涉及数量{budget}与召回产品信息的涉及数量{affected}不一致")
        )
    if isinstance(recalled, int) and recalled > affected:
        contradictions.append(("recalled_quantity", f"召回数量{recalled}多于缺陷产品数量{affected}，数量应当真实"))
    if isinstance(total, int) and total < affected and is_asked(annex.field("total_quantity"), values):
        contradictions.append(("total_quantity", f"两次共计召回数量{total}少于本次涉及数量{affected}"))
    return [_of_article(field, words, "14", edition) for field, words in contradictions]


def _budget(annex: Annex, values: Values) -> tuple[Problem, ...]:
    """The total against the sum of its parts: a warning only, as the form leaves open what it counts."""
    costs = [values.get(name) for name in COSTS]
    total = values.get("total_cost")
    numbers = [cost for cost in costs if isinstance(cost, int | Decimal)]
    if "total_cost" not in annex.fields or not isinstance(total, int | Decimal) or len(numbers) < len(COSTS):
        return ()
    added = sum(numbers, Decimal(0))
    if added == total:
        return ()
    return (Problem("total_cost", f"召回预算费用合计为{total}元，各项相加为{added}元，请核对", annex.article),)


def sum_of_costs(values: Values) -> Decimal | None:
    """Return what the parts of annex 8's total add up to so far; None while there is none of them."""
    costs = [Decimal(cost) for cost in (values.get(name) for name in COSTS) if isinstance(cost, int | Decimal)]
    return sum(costs, Decimal(0)) if costs else None


def worked_out_rate(values: Values) -> Decimal | None:
    """Return the completion rate of what annexes 9 and 10 say was recalled; None where they cannot be true."""
    recalled, affected = values.get("recalled_quantity"), values.get("affected_quantity")
    if not isinstance(recalled, int) or not isinstance(affected, int) or affected < 1 or not 0 <= recalled <= affected:
        return None
    return completion_rate(recalled, affected)


def _rate(annex: Annex, values: Values) -> tuple[Problem, ...]:
    typed, worked_out = values.get("actual_rate"), worked_out_rate(values)
    if "actual_rate" not in annex.fields or worked_out is None or not isinstance(typed, int | Decimal):
        return ()
    if abs(worked_out - typed) < 1:  # Whoever rounds to whole per cent is not asked again.
        return ()
    return (
        Problem("actual_rate", f"按召回数量和缺陷产品数量计算，完成率为{worked_out}%，填写的是{typed}%", annex.article),
    )


def _shortfall(annex: Annex, values: Values, edition: RecallEdition) -> list[Problem]:
    """The reasons belong to a rate below what was expected, and are asked for then alone."""
    expected, worked_out = values.get("expected_rate"), worked_out_rate(values)
    if "shortfall_reasons" not in annex.fields or not isinstance(expected, int | Decimal) or worked_out is None:
        return []
    has_reasons = not _is_empty(values.get("shortfall_reasons"))
    problems = []
    if worked_out < expected and not has_reasons:
        problems.append(("shortfall_reasons", "完成率低于预期，请选择未达到预期完成率的原因"))
    if worked_out >= expected and has_reasons:
        problems.append(("shortfall_reasons", "已达到预期完成率，不需选择未达到预期完成率的原因"))
    if (values.get("target_reached") == "yes") != (worked_out >= expected) and values.get("target_reached"):
        problems.append(("target_reached", f"完成率{worked_out}%与是否达到目标（预期{expected}%）不一致"))
    return [_of_article(field, words, annex.article, edition) for field, words in problems]


def _alerts(annex: Annex, values: Values, edition: RecallEdition) -> tuple[Problem, ...]:
    named = {"new_injuries": "报告出现新的伤害", "new_defects": "报告出现新增缺陷"}
    return tuple(
        _of_article(field, f"{words}，请核查召回措施是否有效", "17", edition)
        for field, words in named.items()
        if field in annex.fields and values.get(field) == "yes"
    )
