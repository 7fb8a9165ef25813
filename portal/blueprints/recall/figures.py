"""Figures for a regulator: its area, one year, as page and as spreadsheet."""

from __future__ import annotations

from io import BytesIO

from flask import request, send_file
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.documents.spreadsheet import XLSX
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import load_recall_edition
from portal.rules.recall.indicators import load_indicators
from portal.services.recall.figures import Figures, figures, figures_xlsx
from portal.web.acting import look, now
from portal.web.fragments import render
from portal.web.guard import requires

_FIRST_YEAR = 2026  # in which the first edition of the workflow took effect


@blueprint.get("/figures")
@requires("view_recall_figures")
def view_figures() -> str:
    """召回管理统计."""
    found = _figures()
    return render(
        "recall/figures.html",
        found=found,
        edition=load_recall_edition(found.edition),
        indicators=load_indicators(found.edition),
        years=range(beijing_day(now()).year, _FIRST_YEAR - 1, -1),
        most=max([1, *found.months]),
    )


@blueprint.get("/figures.xlsx")
@requires("view_recall_figures")
def download_figures() -> Response:
    """The same by city, as a spreadsheet."""
    found = _figures()
    content = BytesIO(figures_xlsx(found, now=now()))
    name = f"{found.year}年召回管理工作指标（{found.area_name}）.xlsx"
    return send_file(content, XLSX, as_attachment=True, download_name=name)


def _figures() -> Figures:
    year = request.args.get("year", "")
    today = beijing_day(now()).year
    wanted = int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else today
    return look(figures, year=min(max(wanted, _FIRST_YEAR), today))
