"""Form fields as the portal needs them: Chinese messages, text without stray blanks, instants in Beijing time.

They check the shape of what was typed; what is missing or contradictory is said by the rules (portal.rules).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import wtforms
from wtforms.validators import ValidationError

from portal.rules.dates import BEIJING

LARGEST_WHOLE_NUMBER = 2**31 - 1
"""What an INTEGER column holds in PostgreSQL."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BREAKS = re.compile(r"\r\n?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?")


class TextField(wtforms.StringField):
    """One line of text, without blanks at its ends; `longest` characters at most."""

    data: Any

    def __init__(self, label: str = "", validators: Any = None, *, longest: int = 200, **arguments: Any) -> None:
        super().__init__(label, validators, **arguments)
        self.longest = longest

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed; nothing given counts as empty."""
        self.data = _tidy(valuelist[0]) if valuelist else (self.data or "")

    def pre_validate(self, form: wtforms.Form) -> None:
        """Refuse what no column can hold."""
        text = self.data or ""
        if _CONTROL.search(text):
            raise ValidationError("含有无法保存的控制字符，请删去后再提交。")
        if len(text) > self.longest:
            raise ValidationError(f"最多 {self.longest} 个字，现有 {len(text)} 个。")


class LongTextField(TextField):
    """Several lines of text."""

    widget = wtforms.widgets.TextArea()

    def __init__(self, label: str = "", validators: Any = None, *, longest: int = 5000, **arguments: Any) -> None:
        super().__init__(label, validators, longest=longest, **arguments)


class PasswordField(wtforms.PasswordField):
    """A password: taken as typed, blanks included."""

    def pre_validate(self, form: wtforms.Form) -> None:
        """Refuse what would only cost time to hash."""
        if len(self.data or "") > 1000:
            raise ValidationError("密码过长。")


class WholeNumberField(wtforms.IntegerField):
    """A whole number of a column's range; None when left empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits, also full-width ones."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            value = int(text) if len(text) <= 12 else None
        except ValueError:
            value = None
        if value is None or abs(value) > LARGEST_WHOLE_NUMBER:
            raise ValueError("请填写整数，例如 3。")
        self.data = value


class DateField(wtforms.DateField):
    """A day; None when left empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read 2026-11-27."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not _DATE.fullmatch(text):
            raise ValueError("日期格式应为 2026-11-27。")
        try:
            self.data = date.fromisoformat(text)
        except ValueError:
            raise ValueError("没有这一天，日期格式应为 2026-11-27。") from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""


class BeijingTimeField(wtforms.Field):
    """A moment typed in Beijing time (datetime-local); an aware UTC instant, None when left empty."""

    widget = wtforms.widgets.DateTimeLocalInput()
    data: datetime | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read 2026-11-27T14:00."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        found = _MINUTE.fullmatch(text)
        if not found:
            raise ValueError("时间格式应为 2026-11-27 14:00（北京时间）。")
        try:
            local = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=BEIJING)
            self.data = local.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError("没有这一时刻，时间格式应为 2026-11-27 14:00（北京时间）。") from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data.astimezone(BEIJING):%Y-%m-%dT%H:%M}" if self.data else ""


def _tidy(text: str) -> str:
    return _BREAKS.sub("\n", text).strip()
