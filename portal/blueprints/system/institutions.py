"""Institutions for the administrator: what they are called."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.services import institutions as service
from portal.services.seals import state_of_seals
from portal.web.acting import look, now, perform, settings
from portal.web.badges import badge_of
from portal.web.fields import TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("institutions", __name__, url_prefix="/system/institutions")


class InstitutionForm(PortalForm):
    """How an institution is called."""

    name = TextField("单位名称", longest=80)
    short_name = TextField("简称", longest=20, description="列表中使用，如 上海。")
    badge = TextField("徽标字", longest=2, description="一个字，如 沪。")


@blueprint.get("")
@requires("edit_institutions")
def index() -> str:
    """All institutions."""
    seals = state_of_seals(settings().seals_folder, now())
    return render("institutions/index.html", found=look(service.list_institutions), badge_of=badge_of, seals=seals)


@blueprint.post("")
@requires("edit_institutions")
def establish_alliance() -> Response:
    """Set up the alliance's members on a new installation."""
    perform(service.establish_alliance)
    flash("成员单位已建立。请核对单位名称，再编排轮值。", "done")
    return redirect(url_for("institutions.index"), 303)


@blueprint.route("/<int:institution_id>", methods=["GET", "POST"])
@requires("edit_institutions")
def rename_institution(institution_id: int) -> str | Response | tuple[str, int]:
    """Change what one is called."""
    institution = look(service.find_institution, institution_id=institution_id)
    form = InstitutionForm(typed(), obj=institution)
    status = 200
    if request.method == "POST":
        done = submit(
            form, service.rename_institution, institution_id=institution_id,
            name=lambda: form.name.data, short_name=lambda: form.short_name.data, badge=lambda: form.badge.data,
        )  # fmt: skip
        if done:
            flash("单位信息已保存。", "done")
            return redirect(url_for("institutions.index"), 303)
        status = done.status
    return render(
        "institutions/rename.html", institution=badge_of(institution), institution_id=institution_id, form=form
    ), status
