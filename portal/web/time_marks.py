"""The form on which somebody marks the slots of a time poll: on the portal, and on the page that a mail leads to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import wtforms

from portal.rules.date_words import beijing, clock_time
from portal.rules.time_poll import MARKS
from portal.web.forms import PortalForm, typed


class _Slot(Protocol):
    id: int
    starts_at: datetime
    ends_at: datetime


class _Page(Protocol):
    @property
    def slots(self) -> tuple[_Slot, ...]: ...

    @property
    def marks(self) -> Mapping[int, str]: ...


class TimeMarksForm(PortalForm):
    """One choice for each slot; made by `time_marks_form`, as the slots differ from poll to poll."""

    slot_ids: tuple[int, ...] = ()

    def given(self) -> dict[int, str | None]:
        """The marks by slot id; None where nothing was chosen."""
        return {slot_id: self[f"mark_{slot_id}"].data for slot_id in self.slot_ids}


def time_marks_form(page: _Page) -> TimeMarksForm:
    """The form for these slots, with what is saved, or what was just sent."""
    fields = {
        f"mark_{slot.id}": wtforms.RadioField(
            slot_words(slot.starts_at, slot.ends_at), choices=MARKS, validate_choice=False
        )
        for slot in page.slots
    }
    made = type("TimeMarksForm", (TimeMarksForm,), {**fields, "slot_ids": tuple(slot.id for slot in page.slots)})
    sent = typed()
    saved = {} if sent is not None else {f"mark_{slot_id}": mark for slot_id, mark in page.marks.items()}
    form: TimeMarksForm = made(sent, data=saved)
    return form


def slot_words(starts_at: datetime, ends_at: datetime) -> str:
    """3月4日（周三）14:00—16:00."""
    return f"{beijing(starts_at)}—{clock_time(ends_at)}"
