"""单位别名: the names under which one organisation is known, for the check of interests."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.experts.forms import AliasForm
from portal.blueprints.experts.views import blueprint
from portal.services import organisation_aliases as service
from portal.web.acting import look, perform
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.route("/aliases", methods=["GET", "POST"])
@requires("view_expert_register")
def aliases() -> str | Response | tuple[str, int]:
    """The list, and one more line for it."""
    form, status = AliasForm(typed()), 200
    if request.method == "POST":
        given = {"name": form.name.data, "alias": form.alias.data, "source": form.source.data}
        done = submit(form, service.add_alias, **given)
        if done:
            flash(f"已登记：{done.done.name}，又名{done.done.alias}。", "done")
            return redirect(url_for("experts.aliases"), 303)
        status = done.status
    search = request.args.get("search", "")
    found = look(service.alias_page, search=search, page=request.args.get("page", 1, type=int))

    def url(number: int) -> str:
        return url_for("experts.aliases", page=number, search=search or None)

    return render("experts/aliases.html", form=form, found=found, search=search, url=url), status


@blueprint.post("/aliases/<int:alias_id>/remove")
@requires("edit_expert_register")
def remove_alias(alias_id: int) -> Response:
    """Take a line off the list."""
    name, alias = perform(service.remove_alias, alias_id=alias_id)
    flash(f"已删除：{name}，又名{alias}。", "done")
    return redirect(url_for("experts.aliases"), 303)
