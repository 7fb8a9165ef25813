"""专家组一览表 to take along: as PDF and as DOCX, as the panel stands now."""

from __future__ import annotations

from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.documents.table_pdf import table_pdf
from portal.services.consultation.panel_overview import TITLE, panel_overview
from portal.web.acting import look
from portal.web.guard import requires
from portal.web.papers import DOCX, PDF, send_paper, typography


@blueprint.get("/<int:consultation_id>/panel/overview.pdf")
@requires("view_panel_overview")
def download_panel_pdf(consultation_id: int) -> Response:
    """The overview as PDF."""
    number, paper = look(panel_overview, consultation_id=consultation_id)
    return send_paper(table_pdf(paper, foot=paper.foot(), typography=typography()), PDF, f"{TITLE}{number}")


@blueprint.get("/<int:consultation_id>/panel/overview.docx")
@requires("view_panel_overview")
def download_panel(consultation_id: int) -> Response:
    """The overview as DOCX."""
    # The library behind it is large, and few processes ever make a document.
    from portal.documents.table_docx import table_docx

    number, paper = look(panel_overview, consultation_id=consultation_id)
    return send_paper(table_docx(paper, foot=paper.foot()), DOCX, f"{TITLE}{number}")
