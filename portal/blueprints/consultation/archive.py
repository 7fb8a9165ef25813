"""Step 8 in the browser: archiving, and what a custodian does with its records of one consultation."""

from __future__ import annotations

from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.process.consultation import transition
from portal.rules.editions import load_edition
from portal.services.archiving.downloads import find_package, take_package
from portal.services.consultation import archive as step
from portal.services.consultation.archive_view import archive_page, certificate_page
from portal.services.consultation.overview import brief
from portal.web.acting import look, perform
from portal.web.fields import DateField, LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.papers import PDF, send_official, verifiable
from portal.web.stored_files import open_stored

Answer = str | Response | tuple[str, int]


@blueprint.get("/<int:consultation_id>/archive")
@requires("view_archive")
def view_archive(consultation_id: int) -> str:
    """The own records with their inventories."""
    page = look(archive_page, consultation_id=consultation_id)
    consultation = page.loaded.consultation
    return render("consultation/archive/page.html", page=page, loaded=page.loaded, consultation=consultation)


@blueprint.get("/<int:consultation_id>/archive/packages/<int:package_id>/download")
@requires("view_archive")
def download_package(consultation_id: int, package_id: int) -> Response:
    """A package as it lies in the storage; that it was taken is recorded."""
    about = {"consultation_id": consultation_id, "package_id": package_id}
    wanted = look(find_package, **about)
    # What cannot be read was not taken: the file comes first, then the record.
    stored = open_stored(wanted.sha256, name=wanted.filename, consultation_id=consultation_id)
    taken = perform(take_package, **about)
    response = send_file(stored, "application/zip", as_attachment=True, download_name=taken.filename, etag=taken.sha256)
    response.content_length = taken.size
    return response


@blueprint.get("/<int:consultation_id>/archive/certificate")
@requires("view_certificate")
def view_certificate(consultation_id: int) -> str:
    """What was destroyed, by whom, with the checksums: it stays for good."""
    page = look(certificate_page, consultation_id=consultation_id)
    return render(
        "consultation/archive/certificate.html",
        paper=page.paper,
        foot=verifiable(page.paper.foot()),
        consultation=page.loaded.consultation,
    )


@blueprint.get("/<int:consultation_id>/archive/certificate.pdf")
@requires("view_certificate")
def download_certificate(consultation_id: int) -> Response:
    """The certificate as PDF."""
    page = look(certificate_page, consultation_id=consultation_id)
    name = f"{page.paper.title}{page.loaded.consultation.number}"
    about = {"subject_id": page.certificate_id, "consultation_id": consultation_id}
    return send_official(PDF, name, kind="certificate", **about)


class RetentionForm(PortalForm):
    """Until when to keep it, and why."""

    keep_until = DateField("继续保存至")
    reason = LongTextField("继续保存的理由", longest=2000)


@blueprint.route("/<int:consultation_id>/archive/extend-retention", methods=["GET", "POST"])
@requires("extend_retention")
def extend_retention(consultation_id: int) -> Answer:
    """After the review: keep it longer."""
    about = look(brief, consultation_id=consultation_id, act="extend_retention")
    form, status = RetentionForm(typed()), 200
    if request.method == "POST":
        given = {"keep_until": form.keep_until.data, "reason": form.reason.data or ""}
        done = submit(form, step.extend_retention, consultation_id=consultation_id, **given)
        if done:
            flash("已决定继续保存。", "done")
            return redirect(url_for("consultation.view_archive", consultation_id=consultation_id), 303)
        status = done.status
    line = transition("extend_retention")
    return render("consultation/archive/extend.html", form=form, about=about, line=line), status


add_act("archive_consultation", step.archive_consultation, path="archive", done="已归档。",
        says=("会诊表、会诊材料与初步分析归申请单位保存，会议纪要、会诊记录与计票归牵头单位保存。",
              f"{load_edition().value('retention_start_month').text}届满前任何人不能删除或修改。",
              "尚未确认的收件和未支付的劳务费不影响归档。"))  # fmt: skip
add_act("hold_archive", step.hold_archive, path="archive", reason="暂停销毁的理由", done="已暂停销毁。",
        lands_on="consultation.view_archive",
        says=("解除之前，本单位保存的材料即使到期也不能销毁；已提出的销毁鉴定作废。",))  # fmt: skip
add_act("lift_hold", step.lift_hold, path="archive", reason="解除暂停的理由", done="已解除暂停。",
        lands_on="consultation.view_archive", says=("到期后可以提出销毁鉴定。",))  # fmt: skip
add_act("propose_disposal", step.propose_disposal, path="archive", reason="销毁鉴定意见", done="已提出，待另一人批准。",
        lands_on="consultation.view_archive",
        says=("销毁由本单位两人决定：提出后须由另一人批准。", "批准之前材料不受影响。"))  # fmt: skip
add_act("dispose_archive", step.dispose_archive, path="archive", lands_on="consultation.view_certificate",
        done="已批准销毁。清单和校验值作为销毁证书长期保存。",
        says=("本单位保存的正文、文件和归档包将被删除，不能恢复。", "清单和校验值作为销毁证书长期保存。"))  # fmt: skip
