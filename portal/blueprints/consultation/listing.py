"""The list of consultations, with its filters in the address."""

from __future__ import annotations

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
from portal.web.acting import look, now
from portal.web.badges import badge_of
from portal.web.deadlines import Due
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.listings import ALL, Listing, due_in_row, number_asked

_LIST = Listing("consultation.index", TABS, "year", ("year", "step", "applicant", "lead"), PAGE_SIZE)


@blueprint.get("")
@requires("list_consultations")
def index() -> str:
    """本单位申请、牵头或参加的会诊."""
    wanted = _filter()
    found = look(list_consultations, wanted=wanted)
    return render(
        "consultation/listing/list.html",
        **_LIST.shown(found, [_row_view(row) for row in found.rows], wanted.tab),
        wanted=wanted,
        selects=_selects(wanted),
    )


def _filter() -> ListFilter:
    return ListFilter(
        **_LIST.asked(),
        year=number_asked("year"),
        step=request.args.get("step", ""),
        applicant_id=number_asked("applicant"),
        lead_id=number_asked("lead"),
    )


def _selects(wanted: ListFilter) -> list[dict[str, Any]]:
    institutions = [ALL, *((str(id_), name) for id_, name in look(institution_choices))]
    years = [ALL, *((str(year), f"{year} 年") for year in range(now().year + 1, 2023, -1))]
    steps = [ALL, *((step.slug, step.label) for step in STEPS)]
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
    return None if duty is None else due_in_row(duty.due_at, duty.since_at, is_provisional=duty.is_provisional)


def _turn(row: ListRow) -> str:
    if not row.duties:
        return row.outcome
    first = row.duties[0]
    owners = [duty.owner for duty in row.duties if duty.kind is first.kind]
    unit = "家" if first.institution_id else "位"
    return f"{'、'.join(owners[:2])}{f' 等 {len(owners)} {unit}' if len(owners) > 2 else ''} {first.kind.label}"
