"""The list of recall cases, with its filters in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request, url_for

from portal.blueprints.recall import blueprint
from portal.process.recall_case import ENDED, OUTCOMES, STAGE_LABELS, STEPS, Stage, step_of
from portal.rules.regions import shipped_areas
from portal.services.recall.listing import PAGE_SIZE, TABS, CaseFilter, list_cases
from portal.web.acting import current_actor, look
from portal.web.badges import badge_of
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.listings import ALL, Listing, due_in_row

if TYPE_CHECKING:
    from portal.models.recall_case import RecallCase

_LIST = Listing("recall.index", TABS, "open", ("step", "area"), PAGE_SIZE)


@blueprint.get("")
@requires("list_cases")
def index() -> str:
    """本行政区域和本单位参与的召回案件."""
    wanted = _filter()
    found = look(list_cases, wanted=wanted)
    return render(
        "recall/list.html",
        **_LIST.shown(found, [_row(case) for case in found.cases], wanted.tab),
        wanted=wanted,
        selects=_selects(wanted),
        may_receive="officer" in current_actor().roles,
    )


def _filter() -> CaseFilter:
    area = request.args.get("area", "")
    return CaseFilter(**_LIST.asked(), step=request.args.get("step", ""), area=area if area in shipped_areas() else "")


def _selects(wanted: CaseFilter) -> list[dict[str, Any]]:
    steps = [ALL, *((step.slug, step.label) for step in STEPS)]
    areas = [ALL, *((a.code, a.name) for a in shipped_areas().values() if a.level != "county")]
    return [
        {"name": "step", "label": "阶段", "value": wanted.step, "choices": steps},
        {"name": "area", "label": "地区", "value": wanted.area, "choices": areas},
    ]


def _row(case: RecallCase) -> dict[str, Any]:
    stage = Stage(case.stage)
    return {
        "case": case,
        "url": url_for("recall.view_case", case_id=case.id),
        "authority": badge_of(case.authority),
        "stage": OUTCOMES.get(case.outcome or "", "") if stage in ENDED else STAGE_LABELS[stage],
        "step": step_of(stage),
        "is_ended": stage in ENDED,
        "due": due_in_row(case.next_due_at) if case.next_due_at is not None else None,
    }
