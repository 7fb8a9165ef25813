"""Pages of the register's spreadsheets: uploading, progress and preview, taking over; template and export."""

from __future__ import annotations

from io import BytesIO

import wtforms
from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.experts.views import blueprint
from portal.documents.spreadsheet import XLSX
from portal.documents.table_reading import LARGEST_BYTES, MOST_ROWS
from portal.process.errors import Invalid
from portal.services import expert_import as service
from portal.services import expert_sheets as sheets
from portal.web.acting import look, perform
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


class ImportForm(PortalForm):
    """The spreadsheet."""

    file = wtforms.FileField(
        "专家名单",
        description=f"XLSX 或 CSV（UTF-8、GBK），不超过 {LARGEST_BYTES // 1024 // 1024} MB、{MOST_ROWS} 行",
    )

    def content(self) -> bytes:
        """What was uploaded, one byte more than is allowed at most."""
        chosen = request.files.get(self.file.name)
        if chosen is None or not chosen.filename:
            raise Invalid.field("file", "请选择要导入的文件。", "10")
        return chosen.stream.read(LARGEST_BYTES + 1)

    def file_name(self) -> str:
        """What the file is called."""
        chosen = request.files.get(self.file.name)
        return chosen.filename or "" if chosen else ""


@blueprint.route("/imports", methods=["GET", "POST"])
@requires("edit_expert_register")
def imports() -> str | Response | tuple[str, int]:
    """Upload a list; the latest ones and what became of them."""
    form, status = ImportForm(typed()), 200
    if request.method == "POST":
        done = submit(form, service.ask_import, content=form.content, file_name=form.file_name)
        if done:
            return redirect(url_for("experts.show_import", import_id=done.done.id), 303)
        status = done.status
    recent = look(service.recent_imports)
    return render("experts/imports.html", form=form, recent=recent, labels=service.STATE_LABELS), status


@blueprint.get("/imports/<int:import_id>")
@requires("edit_expert_register")
def show_import(import_id: int) -> str:
    """How far the reading is; then what is wrong, and what would be taken over."""
    page = look(service.import_page, import_id=import_id, page=request.args.get("page", 1, type=int))

    def url(number: int) -> str:
        return url_for("experts.show_import", import_id=import_id, page=number)

    return render("experts/import.html", fragment="progress", page=page, url=url)


@blueprint.post("/imports/<int:import_id>/confirm")
@requires("edit_expert_register")
def confirm_import(import_id: int) -> Response:
    """Take the good rows over, all of them."""
    count = perform(service.confirm_import, import_id=import_id)
    flash(f"已导入 {count} 位专家，账号待安全管理员开通。", "done")
    return redirect(url_for("experts.index", state="pending"), 303)


@blueprint.post("/imports/<int:import_id>/discard")
@requires("edit_expert_register")
def discard_import(import_id: int) -> Response:
    """Let the list go."""
    perform(service.discard_import, import_id=import_id)
    flash("已放弃，没有导入任何人。", "done")
    return redirect(url_for("experts.imports"), 303)


@blueprint.get("/imports/<int:import_id>/problems.xlsx")
@requires("edit_expert_register")
def import_problems(import_id: int) -> Response:
    """What is wrong, as a spreadsheet."""
    return _sheet(look(sheets.problem_sheet, import_id=import_id), "需要改正的地方")


@blueprint.get("/template.xlsx")
@requires("edit_expert_register")
def import_template() -> Response:
    """The list to fill in."""
    return _sheet(look(sheets.import_template), "专家名单模板")


@blueprint.post("/export")
@requires("view_expert_register")
def export() -> Response:
    """The own register; a change, because the audit trail says who took it."""
    return _sheet(perform(sheets.export_register), "专家库")


def _sheet(content: bytes, name: str) -> Response:
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{name}.xlsx")
