"""Forms of the rotation and the liaisons."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import FieldList, SelectField

from portal.services.rotation import Rotation
from portal.web.fields import DateField, WholeNumberField
from portal.web.forms import PortalForm

CHOOSE = (0, "请选择")


class ScheduleForm(PortalForm):
    """From which day, in which order, for how many years."""

    start = DateField("开始日期", description="这一天及以后尚未开始的轮值将被替换。")
    order = FieldList(SelectField(coerce=int), "轮值顺序")
    years = WholeNumberField("编排年数", description="各任依次衔接。")

    def offer(self, rotation: Rotation) -> ScheduleForm:
        """Give each place of the order the alliance's members; show how the schedule would go on by itself."""
        if not self.order.entries:
            for institution_id in rotation.next_order:
                self.order.append_entry(institution_id)
        for place, entry in enumerate(self.order.entries, start=1):
            entry.label.text = f"第 {place} 任"
            entry.choices = [(member.id, member.name) for member in rotation.members]
        return self

    def chosen_order(self) -> tuple[int, ...]:
        """Institution ids in their order."""
        return tuple(entry.data for entry in self.order.entries)


class TermForm(PortalForm):
    """Another institution for one term."""

    institution_id = SelectField("改由", coerce=int)


class SwapForm(PortalForm):
    """The term to change places with."""

    other_term_id = SelectField("与哪一任对调", coerce=int)


class AppointForm(PortalForm):
    """Who becomes a liaison, and from when."""

    person_id = SelectField("工作人员", coerce=int)
    from_on = DateField("自哪天起")

    def offer(self, candidates: Iterable[tuple[int, str]]) -> AppointForm:
        """Give the select its people."""
        self.person_id.choices = [CHOOSE, *candidates]
        return self


class EndForm(PortalForm):
    """From when somebody is no liaison any more."""

    until_on = DateField("自哪天起不再担任")
