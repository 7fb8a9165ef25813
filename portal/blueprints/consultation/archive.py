"""Step 8 in the browser: archiving, and what a custodian does with its records of one consultation."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.process.consultation import transition
from portal.rules.editions import load_edition
from portal.services.consultation import archive as step
from portal.services.consultation.archive_view import archive_page
from portal.services.consultation.overview import brief
from portal.web.acting import look
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.stored_files import storage

Answer = str | Response | tuple[str, int]


@blueprint.get("/<int:consultation_id>/archive")
@requires("view_archive")
def view_archive(consultation_id: int) -> str:
    """The own records with their inventories."""
    page = look(archive_page, consultation_id=consultation_id)
    consultation = page.loaded.consultation
    return render("consultation/archive/page.html", page=page, loaded=page.loaded, consultation=consultation)


@blueprint.route("/<int:consultation_id>/archive/dispose-archive", methods=["GET", "POST"])
@requires("dispose_archive")
def dispose_archive(consultation_id: int) -> Answer:
    """Approve the destruction; the files go once it is committed."""
    about = look(brief, consultation_id=consultation_id, act="dispose_archive")
    form, status = PortalForm(typed()), 200
    if request.method == "POST":
        done = submit(form, step.dispose_archive, consultation_id=consultation_id)
        if done:
            for key in done.done:
                storage().remove(key)
            flash("已批准销毁。清单和校验值作为销毁证明长期保存。", "done")
            return redirect(url_for("consultation.view_archive", consultation_id=consultation_id), 303)
        status = done.status
    says = ("本单位保存的正文和文件将被删除，不能恢复。", "清单和校验值作为销毁证明长期保存。")
    line = transition("dispose_archive")
    return render("consultation/act.html", form=form, about=about, line=line, says=says, reason_label=""), status


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
