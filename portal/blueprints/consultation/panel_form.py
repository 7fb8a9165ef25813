"""Forms of step 2: choosing, confirming, refilling, recusing."""

from __future__ import annotations

from collections.abc import Sequence

import wtforms

from portal.services.consultation.panel_view import CandidateRow, MemberRow, Recusal, RequestRow
from portal.web.fields import LongTextField, TextField, WholeNumberField
from portal.web.forms import PortalForm


class NominationForm(PortalForm):
    """Which experts of the own register; `nomination_form` adds a reason for each name that matches."""

    experts = wtforms.SelectMultipleField("专家", coerce=int)

    def dismissals(self) -> dict[int, str]:
        """Why a matching name is not the same organisation, by expert id."""
        prefix = "dismissal_"
        return {int(field.name.removeprefix(prefix)): field.data for field in self if field.name.startswith(prefix)}


def nomination_form(candidates: Sequence[CandidateRow], typed: object, preset: Sequence[int] = ()) -> NominationForm:
    """The form for these candidates; `preset` are ticked to begin with."""
    reasons = {
        f"dismissal_{row.expert_id}": TextField("不是同一单位的理由", longest=200) for row in candidates if row.matches
    }
    form: NominationForm = type("NominationForm", (NominationForm,), reasons)(typed, data={"experts": preset})
    form.experts.choices = {row.expert_id: row.name for row in candidates}
    return form


class NominationRequestForm(PortalForm):
    """What one institution is asked for."""

    institution_id = wtforms.SelectField("召回技术机构", coerce=int)
    wanted = WholeNumberField("所需人数", default=1)
    fields = TextField("所需专业领域", longest=200)

    def offer(self, requests: Sequence[RequestRow]) -> NominationRequestForm:
        """Give the select its institutions."""
        self.institution_id.choices = {row.institution.id: row.institution.name for row in requests}
        return self


class ConfirmationForm(PortalForm):
    """Who sits on the panel, and why it is even if it is."""

    members = wtforms.SelectMultipleField("专家组成员", coerce=int)
    remove_unanswered = wtforms.BooleanField("不再等待尚未答复的专家")
    even_reason = LongTextField("专家组人数为双数的理由", longest=1000)

    def offer(self, members: Sequence[MemberRow]) -> ConfirmationForm:
        """Give the list its members."""
        self.members.choices = {row.member_id: row.name for row in members if row.state == "accepted"}
        return self


class RefillingForm(PortalForm):
    """Who takes a place; the reason is asked for when a member is replaced."""

    member_id = WholeNumberField()
    expert_id = WholeNumberField("接替的专家")
    reason = LongTextField("更换理由", longest=1000)


class RecusalForm(PortalForm):
    """Who steps aside, and why."""

    member_id = wtforms.SelectField("回避的专家", coerce=int)
    reason = LongTextField("回避理由", longest=1000)

    def offer(self, page: Recusal) -> RecusalForm:
        """Give the select its members."""
        self.member_id.choices = {member.id: f"{member.name}（{member.employer}）" for member in page.members}
        return self
