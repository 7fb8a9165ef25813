"""Step 3 in the browser: uploading, sending, adding and opening the material."""

from __future__ import annotations

from io import BufferedReader
from typing import Any

import wtforms
from flask import flash, make_response, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.documents.material_index import material_index_html
from portal.process.consultation import transition
from portal.services.consultation import material as step
from portal.services.consultation.material_reading import find_preview, material_package, reading_page
from portal.services.consultation.material_view import MaterialRow, material_page, upload_page
from portal.services.consultation.overview import brief
from portal.services.consultation.panel_view import panel_page
from portal.storage.kinds import ACCEPT
from portal.web.acting import look, perform
from portal.web.fields import LongTextField, TextField, WholeNumberField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.security import HEADERS
from portal.web.stored_files import chunks_of, open_stored
from portal.web.uploads import UploadForm

Answer = str | Response | tuple[str, int]
_NEW = ""


class MaterialForm(UploadForm):
    """One item: the file, and what is said of it."""

    file = wtforms.FileField("文件", description="PDF、Word、Excel、PowerPoint（不含宏）、图片、视频")
    kind = wtforms.SelectField("种类", choices=step.KIND_LABELS)
    title = TextField("材料名称", longest=120)
    report_number = TextField("编号", longest=80)
    # With the first item there is nothing to choose, and the page does not ask.
    number = wtforms.SelectField("与已有材料的关系", default=_NEW)
    reason = LongTextField("补充理由", longest=1000)

    def offer(self, items: tuple[MaterialRow, ...]) -> MaterialForm:
        """Say which items it can be a new version of."""
        latest = {item.number: item for item in items}
        versions = {str(item.number): f"“{item.title}”的新版本" for item in latest.values()}
        self.number.choices = {_NEW: "新的一份材料", **versions}
        return self

    def given(self) -> step.MaterialInput:
        """What was said of the file."""
        number = int(self.number.data) if self.number.data else None
        return step.MaterialInput(self.kind.data, self.title.data, self.report_number.data, number)


class ExtensionForm(PortalForm):
    """More working days for those who have not handed in."""

    working_days = WholeNumberField("延长的工作日", default=1)
    members = wtforms.SelectMultipleField("延长给", coerce=int)
    reason = LongTextField("延长理由", longest=1000)


@blueprint.get("/<int:consultation_id>/material")
@requires("open_material")
def view_material(consultation_id: int) -> str:
    """Every item with its versions, and who opened it."""
    page = look(material_page, consultation_id=consultation_id)
    return render("consultation/material/page.html", page=page, consultation=page.loaded.consultation)


@blueprint.route("/<int:consultation_id>/material/edit-material", methods=["GET", "POST"])
@requires("edit_material")
def edit_material(consultation_id: int) -> Answer:
    """Put one more file among what will be sent."""
    return _upload(consultation_id, step.upload_material, "已上传。", {})


@blueprint.route("/<int:consultation_id>/material/add-material", methods=["GET", "POST"])
@requires("add_material")
def add_material(consultation_id: int) -> Answer:
    """Add an item after sending."""
    return _upload(consultation_id, step.add_material, "已补充，专家组成员会收到邮件。", {"reason": ""})


def _upload(consultation_id: int, service: Any, said: str, more: dict[str, str]) -> Answer:
    permission = "add_material" if more else "edit_material"
    page = look(upload_page, consultation_id=consultation_id, permission=permission)
    form, status = MaterialForm(typed()).offer(page.items), 200
    if request.method == "POST":
        form.take_file()
        given = {name: form[name].data for name in more}
        done = submit(form, service, consultation_id=consultation_id, given=form.given, file=form.uploaded, **given)
        if done:
            flash(f"“{done.done.title}”{said}", "done")
            return redirect(url_for("consultation.view_material", consultation_id=consultation_id), 303)
        status = done.status
        form.keep_for_next_try()
    values: dict[str, Any] = {"form": form, "page": page, "accept": ACCEPT, "is_addition": bool(more)}
    return render("consultation/material/upload.html", consultation=page.loaded.consultation, **values), status


@blueprint.post("/<int:consultation_id>/material/<int:material_id>/remove")
@requires("edit_material")
def remove_material(consultation_id: int, material_id: int) -> Response:
    """Take an item out before it is sent."""
    perform(step.remove_material, consultation_id=consultation_id, material_id=material_id)
    flash("已移除。", "done")
    return redirect(url_for("consultation.view_material", consultation_id=consultation_id), 303)


@blueprint.route("/<int:consultation_id>/material/extend-analysis", methods=["GET", "POST"])
@requires("extend_analysis")
def extend_analysis(consultation_id: int) -> Answer:
    """The lead grants more working days."""
    about = look(brief, consultation_id=consultation_id, act="extend_analysis")
    page = look(panel_page, consultation_id=consultation_id)
    waiting = [row for row in page.members if row.state == "accepted" and row.handed_in_at is None]
    form, status = ExtensionForm(typed(), data={"members": [row.member_id for row in waiting]}), 200
    form.members.choices = {row.member_id: row.name for row in waiting}
    if request.method == "POST":
        done = submit(
            form, step.extend_analysis, consultation_id=consultation_id, working_days=form.working_days.data or 0,
            reason=form.reason.data, member_ids=form.members.data or [],
        )  # fmt: skip
        if done:
            flash("初步分析的期限已延长。", "done")
            return redirect(url_for("consultation.view_consultation", consultation_id=consultation_id), 303)
        status = done.status
    line = transition("extend_analysis")
    return render("consultation/material/extend.html", form=form, waiting=waiting, about=about, line=line), status


@blueprint.get("/<int:consultation_id>/material/<int:material_id>/download")
@requires("open_material")
def download_material(consultation_id: int, material_id: int) -> Response:
    """The file, to be kept."""
    return _file(consultation_id, material_id, is_attachment=True)


@blueprint.get("/<int:consultation_id>/material/<int:material_id>/show")
@requires("open_material")
def show_material(consultation_id: int, material_id: int) -> Response:
    """The file, to be looked at; what browsers cannot show is downloaded. Our own pages may frame it."""
    return _framed(_file(consultation_id, material_id, is_attachment=False))


@blueprint.get("/<int:consultation_id>/material/<int:material_id>/preview")
@requires("open_material")
def preview_material(consultation_id: int, material_id: int) -> Response:
    """An Office file as PDF, to be looked at."""
    found = look(find_preview, consultation_id=consultation_id, material_id=material_id)
    file = open_stored(found.sha256, name=found.filename, consultation_id=consultation_id)
    _note_opening(consultation_id, material_id)
    return _framed(_sent(file, found, is_attachment=False))


@blueprint.get("/<int:consultation_id>/material/package.zip")
@requires("open_material")
def download_all_material(consultation_id: int) -> Response:
    """Everything as one archive with an index, written while it is sent."""
    from zipstream import ZipStream  # few processes ever make one

    package = look(material_package, consultation_id=consultation_id)
    archive = ZipStream(sized=True)
    archive.add(material_index_html(package.index), "index.html")
    for file in package.index.files:
        # Before the first byte is sent: an answer that breaks off says nothing.
        open_stored(file.sha256, name=file.title, consultation_id=consultation_id).close()
        archive.add(chunks_of(file.sha256), file.path, size=file.size)
    for material_id in package.unopened:
        perform(step.open_material, consultation_id=consultation_id, material_id=material_id)
    response = Response(iter(archive), mimetype="application/zip")
    response.content_length = len(archive)
    response.headers.set("Content-Disposition", "attachment", filename=package.name)
    return response


@blueprint.get("/<int:consultation_id>/material/<int:material_id>/read")
@requires("open_material")
def read_material(consultation_id: int, material_id: int) -> Response:
    """The file in a page of the portal, on every device; with ?beside=1 to be framed by a form."""
    page = look(reading_page, consultation_id=consultation_id, material_id=material_id)
    is_beside = "beside" in request.args
    return _framed(make_response(render("consultation/material/read.html", page=page, is_beside=is_beside)))


def _framed(response: Response) -> Response:
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = policy
    return response


def _file(consultation_id: int, material_id: int, *, is_attachment: bool) -> Response:
    wanted = look(step.find_material, consultation_id=consultation_id, material_id=material_id)
    found = step.file_of(wanted)
    # What cannot be read was not opened: the file comes first, then the record of the opening.
    file = open_stored(found.sha256, name=found.filename, consultation_id=consultation_id)
    _note_opening(consultation_id, material_id)
    return _sent(file, found, is_attachment=is_attachment)


def _note_opening(consultation_id: int, material_id: int) -> None:
    """Record the first opening; a file is asked for in many parts, and only the first of them is one."""
    if not look(step.has_opened, consultation_id=consultation_id, material_id=material_id):
        perform(step.open_material, consultation_id=consultation_id, material_id=material_id)


def _sent(file: BufferedReader, found: step.MaterialFile, *, is_attachment: bool) -> Response:
    response = send_file(
        file,
        mimetype=found.content_type,
        as_attachment=is_attachment or not found.is_shown_inline,
        download_name=found.filename,
        conditional=False,
        etag=found.sha256,
    )
    response.content_length = found.size
    # Videos and long documents are asked for in parts.
    return response.make_conditional(request, accept_ranges=True, complete_length=found.size)


add_act("send_material", step.send_material, path="material", done="会诊材料已发送，专家开始初步分析。",
        says=("会诊表第一部分和全部材料一次发送给专家组，专家会收到邮件。",
              "发送后材料固定，不能修改或移除；以后只能补充。",
              "专家的初步分析期限自发送起算，起算当日不计。"))  # fmt: skip
