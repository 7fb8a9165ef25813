"""The list of recall cases, with its filters in the address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import request, url_for

from portal.blueprints.recall import blueprint
from portal.process.recall_case import ENDED, OUTCOMES, STAGE_LABELS, STEPS, Stage, step_of
from portal.rules.regions import shipped_areas
from portal.services.kernel.calendar import working_calendar
from portal.services.recall.listing import PAGE_SIZE, TABS, CaseFilter, list_cases
from portal.web.acting import current_actor, look, now, reading
from portal.web.badges import badge_of
from portal.web.deadlines import present_due
from portal.web.fragments import render
from portal.web.guard import requires

if TYPE_CHECKING:
    from portal.models.recall_case import RecallCase

_KEPT = ("tab", "text", "step", "area")


@blueprint.get("")
@requires("list_cases")
def index() -> str:
    """本行政区域和本单位参与的召回案件."""
    wanted = _filter()
    found = look(list_cases, wanted=wanted)
    first = (found.page - 1) * PAGE_SIZE + 1 if found.total else 0
    return render(
        "recall/list.html",
        found=found,
        wanted=wanted,
        rows=[_row(case) for case in found.cases],
        tabs=[_tab(name, found.tabs[name], wanted) for name in TABS],
        selects=_selects(wanted),
        page_url=lambda page: _url(page=page),
        first=first,
        last=first + len(found.cases) - 1 if found.cases else 0,
        may_receive="officer" in current_actor().roles,
    )


def _filter() -> CaseFilter:
    query = request.args
    page = query.get("page", "")
    area = query.get("area", "")
    return CaseFilter(
        tab=query.get("tab", "open") if query.get("tab", "open") in TABS else "all",
        text=query.get("text", "")[:60],
        step=query.get("step", ""),
        area=area if area in shipped_areas() else "",
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 9 else 1,
    )


def _url(**changed: Any) -> str:
    kept = {name: request.args[name] for name in _KEPT if request.args.get(name)}
    return url_for("recall.index", **{**kept, **changed})


def _tab(name: str, count: int, wanted: CaseFilter) -> dict[str, Any]:
    return {
        "label": TABS[name],
        "url": url_for("recall.index", tab=name),
        "count": count,
        "current": wanted.tab == name,
    }


def _selects(wanted: CaseFilter) -> list[dict[str, Any]]:
    steps = [("", "全部"), *((step.slug, step.label) for step in STEPS)]
    areas = [("", "全部"), *((a.code, a.name) for a in shipped_areas().values() if a.level != "county")]
    return [
        {"name": "step", "label": "阶段", "value": wanted.step, "choices": steps},
        {"name": "area", "label": "地区", "value": wanted.area, "choices": areas},
    ]


def _row(case: RecallCase) -> dict[str, Any]:
    stage = Stage(case.stage)
    due = None
    if case.next_due_at is not None:
        due = replace(present_due(case.next_due_at, None, now(), working_calendar(reading())), pips=())
    position = step_of(stage)
    return {
        "case": case,
        "url": url_for("recall.view_case", case_id=case.id),
        "authority": badge_of(case.authority),
        "stage": OUTCOMES.get(case.outcome or "", "") if stage in ENDED else STAGE_LABELS[stage],
        "step": position,
        "is_ended": stage in ENDED,
        "due": due,
    }
