"""The list of consultations, with its filters in the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request, url_for

from portal.blueprints.consultation import blueprint
from portal.process.consultation import STEPS
from portal.services.consultation.listing import (
    PAGE_SIZE,
    TABS,
    ListFilter,
    ListRow,
    institution_choices,
    list_consultations,
)
from portal.services.duties import Duty
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.badges import badge_of
from portal.web.deadlines import Due, present_due
from portal.web.fragments import render
from portal.web.guard import requires

_KEPT = ("tab", "text", "year", "step", "applicant", "lead")


@blueprint.get("")
@requires("list_consultations")
def index() -> str:
    """本单位申请、牵头或参加的会诊."""
    wanted = _filter()
    found = look(list_consultations, wanted=wanted)
    first = (found.page - 1) * PAGE_SIZE + 1 if found.total else 0
    return render(
        "consultation/listing/list.html",
        found=found,
        wanted=wanted,
        rows=[_row_view(row) for row in found.rows],
        tabs=[_tab(name, found.tabs[name], wanted) for name in TABS],
        selects=_selects(wanted),
        page_url=lambda page: _url(page=page),
        first=first,
        last=first + len(found.rows) - 1 if found.rows else 0,
    )


def _filter() -> ListFilter:
    query = request.args
    return ListFilter(
        tab=query.get("tab", "year") if query.get("tab", "year") in TABS else "all",
        text=query.get("text", "")[:60],
        year=_number(query.get("year")),
        step=query.get("step", ""),
        applicant_id=_number(query.get("applicant")),
        lead_id=_number(query.get("lead")),
        page=_number(query.get("page")) or 1,
    )


def _number(typed: str | None) -> int | None:
    return int(typed) if typed and typed.isascii() and typed.isdecimal() and len(typed) < 9 else None


def _url(**changed: Any) -> str:
    kept = {name: request.args[name] for name in _KEPT if request.args.get(name)}
    return url_for("consultation.index", **{**kept, **changed})


def _tab(name: str, count: int, wanted: ListFilter) -> dict[str, Any]:
    return {
        "label": TABS[name],
        "url": url_for("consultation.index", tab=name),
        "count": count,
        "current": wanted.tab == name,
    }


def _selects(wanted: ListFilter) -> list[dict[str, Any]]:
    institutions = [("", "全部"), *((str(id_), name) for id_, name in look(institution_choices))]
    years = [("", "全部"), *((str(year), f"{year} 年") for year in range(now().year + 1, 2023, -1))]
    steps = [("", "全部"), *((step.slug, step.label) for step in STEPS)]
    chosen = (
        ("year", "年度", wanted.year, years),
        ("step", "阶段", wanted.step, steps),
        ("applicant", "申请单位", wanted.applicant_id, institutions),
        ("lead", "牵头单位", wanted.lead_id, institutions),
    )
    return [
        {"name": name, "label": label, "value": str(value or ""), "choices": choices}
        for name, label, value, choices in chosen
    ]


def _row_view(row: ListRow) -> dict[str, Any]:
    duty = next((one for one in row.duties if one.due_at), row.duties[0] if row.duties else None)
    return {
        "row": row,
        "url": url_for("consultation.view_consultation", consultation_id=row.consultation_id),
        "applicant": badge_of(row.applicant),
        "lead": badge_of(row.lead) if row.lead else None,
        "turn": _turn(row),
        "due": _due(duty),
    }


def _due(duty: Duty | None) -> Due | None:
    """The deadline in words; a row has no room for the days."""
    if duty is None:
        return None
    calendar = working_calendar(reading())
    due = present_due(duty.due_at, duty.since_at, now(), calendar, is_provisional=duty.is_provisional)
    return replace(due, pips=())


def _turn(row: ListRow) -> str:
    if not row.duties:
        return row.outcome
    first = row.duties[0]
    owners = [duty.owner for duty in row.duties if duty.kind is first.kind]
    unit = "家" if first.institution_id else "位"
    return f"{'、'.join(owners[:2])}{f' 等 {len(owners)} {unit}' if len(owners) > 2 else ''} {first.kind.label}"
