"""Step 2 in the browser: the panel, from the first choice to a replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.blueprints.consultation.panel_form import (
    ConfirmationForm,
    NominationRequestForm,
    RecusalForm,
    RefillingForm,
    nomination_form,
)
from portal.process.consultation import transition
from portal.services.consultation import panel as step
from portal.services.consultation import panel_view as view
from portal.services.consultation.lapse import lapse_application
from portal.services.consultation.overview import brief
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.badges import Badge, badge_of
from portal.web.deadlines import present_due
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]


@blueprint.get("/<int:consultation_id>/panel")
@requires("view_panel")
def view_panel(consultation_id: int) -> str:
    """Every place with its state, what was asked of whom, and, for the lead, a proposal."""
    page = look(view.panel_page, consultation_id=consultation_id)
    links = {row.member_id: _links(page, row) for row in page.members}
    return render(
        "consultation/panel/page.html",
        page=page,
        consultation=page.loaded.consultation,
        place_links=links if any(links.values()) else None,
        actions=_actions(page),
        asks=page.loaded.may("ask_nomination"),
    )


def _actions(page: view.PanelPage) -> list[dict[str, Any]]:
    """What the page's head offers: the act that waits for this person."""
    offered = [
        (act, is_primary)
        for act, is_primary in (("confirm_panel", True), ("nominate_members", False), ("explain_even_panel", False))
        if page.loaded.may(act) and (act != "explain_even_panel" or page.problem)
    ]
    number = page.loaded.consultation.id
    return [
        {
            "label": transition(act).label,
            "url": url_for(f"consultation.{act}", consultation_id=number),
            "primary": first,
        }
        for act, first in offered
    ]


def _links(page: view.PanelPage, row: view.MemberRow) -> list[tuple[str, str]]:
    """What can be done about one place."""
    loaded, found = page.loaded, []
    can_refill = row.is_vacant or (row.is_sitting and row.is_overdue and row.handed_in_at is None)
    for act, applies in (
        ("refill_place", can_refill),
        ("replace_member", can_refill),
        ("recuse_member", row.is_sitting),
    ):
        if applies and loaded.may(act):
            url = url_for(f"consultation.{act}", consultation_id=loaded.consultation.id, member=row.member_id)
            found.append((transition(act).label, url))
    return found


@blueprint.app_template_global()
def badges_of(*rows: Iterable[Any]) -> dict[int, Badge]:
    """The badge of every institution that stands in `rows`, by its id."""
    institutions = {row.institution.id: row.institution for part in rows for row in part}
    return {number: badge_of(institution) for number, institution in institutions.items()}


@blueprint.route("/<int:consultation_id>/panel/nominate-members", methods=["GET", "POST"])
@requires("nominate_members")
def nominate_members(consultation_id: int) -> Answer:
    """An institution chooses from its own register; it sees three facts of the product."""
    search, preset = request.args.get("search", ""), request.args.getlist("expert", type=int)
    page = look(view.nomination, consultation_id=consultation_id, search=search, expert_ids=preset)
    form, status = nomination_form(page.candidates, typed(), preset), 200
    if request.method == "POST":
        done = submit(
            form, step.nominate_members, consultation_id=consultation_id,
            expert_ids=lambda: form.experts.data or [], dismissals=form.dismissals,
        )  # fmt: skip
        if done:
            flash(f"已选取 {len(done.done)} 位专家，邀请邮件已发出。", "done")
            return redirect(url_for("consultation.nominate_members", consultation_id=consultation_id), 303)
        status = done.status
    due = present_due(page.due_at, page.since_at, now(), working_calendar(reading())) if page.due_at else None
    values: dict[str, Any] = {
        "page": page,
        "form": form,
        "due": due,
        "search": search,
        "state_labels": view.STATE_LABELS,
    }
    return render("consultation/panel/nominate.html", **values), status


@blueprint.route("/<int:consultation_id>/panel/ask-nomination", methods=["GET", "POST"])
@requires("ask_nomination")
def ask_nomination(consultation_id: int) -> Answer:
    """The lead says how many experts of which fields one institution should choose."""
    about = look(brief, consultation_id=consultation_id, act="ask_nomination")
    page = look(view.panel_page, consultation_id=consultation_id)
    form = NominationRequestForm(typed(), data=_wish(page)).offer(page.requests)
    status = 200
    if request.method == "POST":
        done = submit(
            form, step.ask_nomination, consultation_id=consultation_id, institution_id=form.institution_id.data,
            wanted=form.wanted.data or 0, fields=form.fields.data,
        )  # fmt: skip
        if done:
            flash("已请该单位选取专家，其联络员会收到邮件。", "done")
            return redirect(url_for("consultation.view_panel", consultation_id=consultation_id), 303)
        status = done.status
    return render("consultation/panel/ask.html", form=form, about=about), status


def _wish(page: view.PanelPage) -> dict[str, Any]:
    """What the form begins with: the institution in the address, and what the proposal would have from it."""
    institution_id = request.args.get("institution", type=int)
    proposed = [member for member in page.proposal if member.institution.id == institution_id]
    fields = request.args.get("fields") or "、".join(dict.fromkeys(member.field for member in proposed))
    wanted = request.args.get("wanted", type=int) or len(proposed) or 1
    return {"institution_id": institution_id, "wanted": wanted, "fields": fields}


@blueprint.route("/<int:consultation_id>/panel/confirm-panel", methods=["GET", "POST"])
@requires("confirm_panel")
def confirm_panel(consultation_id: int) -> Answer:
    """The lead decides who sits."""
    about = look(brief, consultation_id=consultation_id, act="confirm_panel")
    page = look(view.panel_page, consultation_id=consultation_id)
    accepted = [row.member_id for row in page.members if row.state == "accepted"]
    form, status = ConfirmationForm(typed(), data={"members": accepted}).offer(page.members), 200
    if request.method == "POST":
        done = submit(
            form, step.confirm_panel, consultation_id=consultation_id, even_reason=form.even_reason.data,
            member_ids=form.members.data or [], remove_unanswered=form.remove_unanswered.data,
        )  # fmt: skip
        if done:
            return _leave(consultation_id, f"专家组已确认，共 {len(done.done)} 人；请申请单位发送会诊材料。")
        status = done.status
    return render("consultation/panel/confirm.html", form=form, page=page, about=about), status


def _add_filling(act: str, service: Callable[..., Any], *, asks_reason: bool) -> None:
    """Add the page on which a place is filled anew: before the confirmation, or instead of a member."""

    def fill(consultation_id: int) -> Answer:
        form = RefillingForm(typed(), data={"member_id": request.args.get("member", type=int)})
        status = 200
        if request.method == "POST":
            given = {"reason": form["reason"].data} if asks_reason else {}
            done = submit(
                form, service, consultation_id=consultation_id, member_id=form.member_id.data or 0,
                expert_id=form.expert_id.data, **given,
            )  # fmt: skip
            if done:
                return _leave(consultation_id, f"已邀请{done.done.name}，邀请邮件已发出。")
            status = done.status
        page = look(view.refilling, consultation_id=consultation_id, act=act, member_id=form.member_id.data)
        about = look(brief, consultation_id=consultation_id, act=act)
        values: dict[str, Any] = {
            "form": form,
            "page": page,
            "about": about,
            "line": transition(act),
            "asks_reason": asks_reason,
        }
        return render("consultation/panel/refill.html", **values), status

    fill.__doc__ = f"{transition(act).label}."
    url = f"/<int:consultation_id>/panel/{act.replace('_', '-')}"
    blueprint.add_url_rule(url, act, requires(act)(fill), methods=["GET", "POST"])


_add_filling("refill_place", step.refill_place, asks_reason=False)
_add_filling("replace_member", step.replace_member, asks_reason=True)


@blueprint.route("/<int:consultation_id>/panel/recuse-member", methods=["GET", "POST"])
@requires("recuse_member")
def recuse_member(consultation_id: int) -> Answer:
    """Somebody steps aside."""
    page = look(view.recusal, consultation_id=consultation_id)
    form = RecusalForm(typed(), data={"member_id": request.args.get("member", type=int)}).offer(page)
    status = 200
    if request.method == "POST":
        done = submit(
            form, step.recuse_member, consultation_id=consultation_id, member_id=form.member_id.data,
            reason=form.reason.data,
        )  # fmt: skip
        if done:
            if page.is_own:
                flash("您已回避本次会诊，牵头单位已收到邮件。", "done")
                return redirect("/", 303)
            return _leave(consultation_id, "已办理回避。")
        status = done.status
    return render("consultation/panel/recuse.html", form=form, page=page, line=transition("recuse_member")), status


def _leave(consultation_id: int, said: str) -> Response:
    flash(said, "done")
    return redirect(url_for("consultation.view_consultation", consultation_id=consultation_id), 303)


add_act("explain_even_panel", step.explain_even_panel, path="panel", done="双数理由已写明，将写入会议纪要。",
        reason="专家组人数为双数的理由",
        says=("专家组保持现有人数，理由写入会议纪要。", "不写明理由的，请补选专家，使人数为单数。"))  # fmt: skip
add_act("terminate_consultation", step.terminate_consultation, path="panel", done="会诊已终止。", reason="终止理由",
        says=("无法依法组成专家组，或不能达到表决所需人数的，可以终止会诊。",
              "会诊到此结束，已形成的材料由申请单位归档保存。",
              "终止后不能恢复；需要时重新提出申请。"))  # fmt: skip
add_act("lapse_application", lapse_application, path="application", done="会诊已终止。",
        says=("申请单位逾期未补正或未发送材料，会诊终止。", "已形成的材料由申请单位归档保存。"))  # fmt: skip
