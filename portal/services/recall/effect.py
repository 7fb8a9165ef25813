"""The effect of a recall as its page shows it (Art. 5, 16, 17): read from what was handed in, kept nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument
from portal.models.recall_case import RecallCase, RecallProgress
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import load_recall_edition
from portal.rules.recall.effect import Effect, Period, effect_of
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall.case_documents import annex_of, latest_of, values_of


@dataclass(frozen=True)
class EffectView:
    """The curves, and what deserves the supervisor's eye: in words, empty where nothing does."""

    effect: Effect
    flags: tuple[str, ...]
    channel_labels: dict[str, str]


def effect_view(db: Session, case: RecallCase, documents: Sequence[CaseDocument], now: datetime) -> EffectView | None:
    """How far the recall of a case has come, by its `documents` that stand; None before it began."""
    plan = latest_of(documents, "recall_plan")
    if case.started_on is None or plan is None:
        return None
    affected = values_of(case, plan).get("affected_quantity")
    if not isinstance(affected, int) or affected < 1:
        return None
    effect = effect_of(affected, case.started_on, _planned_until(case, documents), _periods(db, case, documents))
    options = annex_of(case, "interim_summary").field("sales_channels").options
    labels = {str(one.value): one.label for one in options} | {"": "未区分渠道"}
    return EffectView(effect, tuple(_flags(db, case, documents, effect, now)), labels)


def _planned_until(case: RecallCase, documents: Sequence[CaseDocument]) -> date | None:
    statement = latest_of(documents, "recall_statement")
    planned = values_of(case, statement).get("completion_planned_on") if statement is not None else None
    return planned if isinstance(planned, date) else None


def _periods(db: Session, case: RecallCase, documents: Sequence[CaseDocument]) -> list[Period]:
    progress: dict[int, dict[str, int]] = {}
    days: dict[int, date] = {}
    for row in db.scalars(select(RecallProgress).where(RecallProgress.case_id == case.id).order_by(RecallProgress.id)):
        progress.setdefault(row.document_id, {})[row.channel] = row.quantity
        days[row.document_id] = row.until_on
    summaries = {one.id: one for one in documents if one.annex in ("interim_summary", "recall_summary")}
    return [
        Period(
            days[number],
            sum(channels.values()),
            channels,
            _percentage(values_of(case, summaries[number]).get("expected_rate")),
            is_whole=summaries[number].annex == "recall_summary",
        )
        for number, channels in progress.items()
    ]


def _percentage(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _flags(
    db: Session, case: RecallCase, documents: Sequence[CaseDocument], effect: Effect, now: datetime
) -> list[str]:
    today, flags = beijing_day(now), []
    shortfall = effect.shortfall_on(today)
    if shortfall >= load_recall_edition(case.edition).value("slow_recall_points").value:
        flags.append(f"完成率低于计划 {shortfall:.0f} 个百分点，请督促生产者加快召回。")
    if effect.planned_until is not None and today > effect.planned_until and case.completed_on is None:
        flags.append("已超过计划完成时间，生产者还没有报告召回完成。")
    overdue = [
        one for one in open_in_case(db, case.id, ("hand_in_interim_summary",)) if one.due_at and one.due_at <= now
    ]
    if overdue:
        flags.append("阶段性总结逾期未交。")
    last = latest_of(documents, "recall_summary") or latest_of(documents, "interim_summary")
    values = values_of(case, last) if last is not None else {}
    if values.get("new_injuries") == "yes":
        flags.append("生产者报告出现新的伤害，请核查召回措施是否有效（工作流程第十七条）。")
    if values.get("new_defects") == "yes":
        flags.append("生产者报告出现新增缺陷，请核查召回措施是否有效（工作流程第十七条）。")
    return flags
