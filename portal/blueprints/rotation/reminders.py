"""提醒规则: the policies of all kinds as lines, editing one, and what would be sent on a day."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, request, url_for

from portal.blueprints.rotation.reminder_forms import PolicyForm, TryForm, offer_consultations
from portal.blueprints.rotation.views import Answer, blueprint
from portal.process.errors import NotFound
from portal.process.ledger import KINDS, AnyKind
from portal.rules.dates import beijing_day
from portal.rules.reminder_policies import MOST_STEPS
from portal.rules.reminders import Policy, When
from portal.services import reminder_preview, reminder_rules
from portal.services.reminder_letters import TO_WORDS
from portal.services.reminder_words import TO_SHORT, UNIT_WORDS
from portal.web.acting import look, now
from portal.web.forms import PortalForm, Submission, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.get("/reminders")
@requires("view_reminder_rules")
def reminders() -> str:
    """The policies of all kinds of obligations."""
    found = look(reminder_rules.view_rules)
    return render(
        "rotation/reminders.html", found=found, short=TO_SHORT, to_words=TO_WORDS, units=UNIT_WORDS, When=When
    )


@blueprint.get("/reminders/preview")
@requires("set_reminder_policy")
def preview_reminders() -> Answer:
    """What the rules in force send on a day for one consultation."""
    form, status, preview = TryForm(request.args or None), 200, None
    offer_consultations(form, look(reminder_preview.consultations_to_try), beijing_day(now()))
    if request.args:
        done = _try(form)
        status, preview = done.status, done.value
    return render("rotation/reminder_preview.html", form=form, preview=preview), status


@blueprint.route("/reminders/<kind>", methods=["GET", "POST"])
@requires("set_reminder_policy")
def set_reminder_policy(kind: str) -> Answer:
    """Edit the policy of one kind; trying it saves nothing."""
    line = look(reminder_rules.view_rules).line_of(_kind(kind).kind)
    form, status, preview = PolicyForm(typed(), version=str(line.version)), 200, None
    if request.method == "GET":
        form.show(line.policy)
    form.offer(line.kind)
    offer_consultations(form, look(reminder_preview.consultations_to_try), beijing_day(now()))
    do = request.form.get("do", "") if request.method == "POST" else "show"
    if do == "add" and len(form.steps) < MOST_STEPS:
        form.add_step(line.kind)
    elif do.startswith("remove-"):
        form.remove_step(int(do[7:]) if do[7:].isdecimal() else -1)
        form.offer(line.kind)
    elif do == "preview":
        done = _try(form, line.kind)
        status, preview = done.status, done.value
    elif do != "show":
        saved = submit(
            form, reminder_rules.set_reminder_policy,
            kind=kind, policy=form.policy, version=lambda: int(form.version.data or 0),
        )  # fmt: skip
        if saved:
            flash(f"“{line.kind.label}”的提醒规则已保存，从现在起按新规则提醒。", "done")
            return redirect(url_for("rotation.reminders"), 303)
        status = saved.status
    return render("rotation/reminder_policy.html", form=form, line=line, preview=preview, most=MOST_STEPS), status


@blueprint.post("/reminders/<kind>/restore")
@requires("set_reminder_policy")
def restore_reminder_policy(kind: str) -> Answer:
    """Go back to the policy that comes with the release."""
    line = look(reminder_rules.view_rules).line_of(_kind(kind).kind)
    form = PolicyForm(typed(), version=str(line.version))
    done = submit(form, reminder_rules.restore_reminder_policy, kind=kind, version=lambda: int(form.version.data or 0))
    if done:
        flash(f"“{line.kind.label}”已恢复默认的提醒规则。", "done")
        return redirect(url_for("rotation.reminders"), 303)
    form.show(line.policy)
    form.offer(line.kind)
    offer_consultations(form, look(reminder_preview.consultations_to_try), beijing_day(now()))
    page = render("rotation/reminder_policy.html", form=form, line=line, preview=None, most=MOST_STEPS)
    return page, done.status


def _try(form: PolicyForm | TryForm, kind: AnyKind | None = None) -> Submission[reminder_preview.Preview]:
    """Work out the preview; with `kind`, by the steps on the form instead of those in force."""

    def policies() -> Mapping[str, Policy]:
        if kind is None or not isinstance(form, PolicyForm):
            return {}
        return {kind.kind: reminder_rules.checked_policy(kind, form.policy())}

    if not form.consultation.data or not form.consultation.data.isdecimal():
        return _refused(form, "consultation", "请选择一项会诊。")
    if form.on.data is None:
        return _refused(form, "on", "请填写日期。")
    return submit(
        form, reminder_preview.preview_reminders, act=_asked,
        consultation_id=int(form.consultation.data), on=form.on.data, policies=policies,
    )  # fmt: skip


def _refused(form: PortalForm, field: str, message: str) -> Submission[reminder_preview.Preview]:
    form.validate()
    return Submission(status=form.refuse(field, message))


def _asked(service: object, **arguments: object) -> object:
    return look(service, **arguments)  # type: ignore[arg-type]


def _kind(kind: str) -> AnyKind:
    if kind not in KINDS:
        raise NotFound
    return KINDS[kind]
