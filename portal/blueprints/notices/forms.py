"""The form of 我的通知."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField

from portal.process.permissions import Actor
from portal.rules.working_days import WEEKDAYS
from portal.services.mail_preferences import DIGESTS, Preferences, kinds_to_choose
from portal.web.forms import PortalForm

HOURS = {str(hour): f"{hour:02}:00" for hour in range(24)}


class PreferencesForm(PortalForm):
    """Digest, quiet hours, and the kinds that somebody can do without."""

    digest = RadioField("汇总", choices=DIGESTS)
    digest_hour = SelectField("汇总的发送时间", choices=HOURS)
    digest_weekday = SelectField(
        "每周汇总在",
        choices={str(day): f"周{name}" for day, name in enumerate(WEEKDAYS)},
        description="选择每周汇总时有效。",
    )
    has_quiet_hours = BooleanField("设置免打扰时段", description="时段内的邮件推迟到结束时发送；必须送达的邮件除外。")
    quiet_from = SelectField("开始", choices=HOURS)
    quiet_until = SelectField("结束", choices=HOURS)
    wanted = SelectMultipleField("接收哪些不紧急的邮件", description="不选的不发邮件，只列在“门户发给我的”。")

    @classmethod
    def of(cls, actor: Actor, saved: Preferences, typed: object) -> PreferencesForm:
        """The form for a person, with what was typed, else what is saved."""
        form = cls(
            typed,
            digest=saved.digest,
            digest_hour=str(saved.digest_hour),
            digest_weekday=str(saved.digest_weekday),
            has_quiet_hours=saved.has_quiet_hours,
            quiet_from=str(saved.quiet_from),
            quiet_until=str(saved.quiet_until),
            wanted=sorted(saved.wanted),
        )
        form.wanted.choices = {one.kind: one.title for one in kinds_to_choose(actor)}
        return form

    def given(self) -> Preferences:
        """What was typed."""
        return Preferences(
            digest=self.digest.data,
            digest_hour=int(self.digest_hour.data),
            digest_weekday=int(self.digest_weekday.data),
            has_quiet_hours=bool(self.has_quiet_hours.data),
            quiet_from=int(self.quiet_from.data),
            quiet_until=int(self.quiet_until.data),
            wanted=frozenset(self.wanted.data or ()),
        )
