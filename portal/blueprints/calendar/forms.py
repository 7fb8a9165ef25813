"""The forms that load a year: a file or its text, or the notice typed by hand."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import wtforms
from werkzeug.datastructures import FileStorage
from wtforms import FileField
from wtforms.validators import ValidationError

from portal.process.errors import Invalid
from portal.rules.calendar_year import CalendarYear
from portal.rules.calendar_year_writing import Holiday, write_calendar_year
from portal.rules.problem import Problem
from portal.services.calendar_years import spans_by_name
from portal.web.fields import DateField, LongTextField, TextField, WholeNumberField
from portal.web.forms import PortalForm

LARGEST_FILE_BYTES = 64 * 1024
_LONGEST_TEXT = 20_000
MOST_HOLIDAYS = 20
USUAL_HOLIDAYS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
_SEPARATORS = re.compile(r"[\s,，、;；]+")
_SATURDAY = 5


class CalendarYearForm(PortalForm):
    """A chosen file goes before what stands in the text; its content is put there, to be corrected."""

    file = FileField("文件", description="UTF-8 编码的 TOML 文件，最大 64 KB。")
    content = LongTextField("或直接填写内容", longest=_LONGEST_TEXT)

    def validate_file(self, field: FileField) -> None:
        """Read the file into the text."""
        given: Any = field.data
        if not isinstance(given, FileStorage) or not given.filename:
            return
        content = given.stream.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise ValidationError("文件超过 64 KB，不像是一年的工作日历。")
        try:
            self.content.data = content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise ValidationError("文件不是 UTF-8 文字，请另存为 UTF-8 后再选。") from None


class HolidayForm(wtforms.Form):
    """One holiday of the notice; a row in which nothing is typed but a name does not count."""

    name = TextField("节日", longest=20)
    first = DateField("放假第一天")
    last = DateField("放假最后一天")
    make_up = TextField("调休上班的周末", longest=120)

    @property
    def is_blank(self) -> bool:
        """Whether no day is typed."""
        return not any((self.first._value(), self.last._value(), self.make_up.data))

    def holiday(self, number: int, year: int) -> Holiday | list[Problem]:
        """The holiday, or what is wrong with it."""
        at, first, last = f"holidays-{number}-", self.first.data, self.last.data
        problems = [] if self.name.data else [Problem(f"{at}name", "请填写节日名称。", "")]
        for word, day in (("first", first), ("last", last)):
            if day is None:
                problems.append(Problem(f"{at}{word}", "请填写日期。", ""))
            elif (day.year, day.month) != (year - 1, 12) and day.year != year:
                problems.append(Problem(f"{at}{word}", f"不在 {year} 年。", ""))
        if first and last and last < first:
            problems.append(Problem(f"{at}last", "早于放假第一天。", ""))
        make_up = [_day(word) for word in _SEPARATORS.split(self.make_up.data or "") if word]
        if any(day is None for day in make_up):
            problems.append(Problem(f"{at}make_up", "请填写日期，如 2027-01-30，多个用空格隔开。", ""))
        elif any(day.weekday() < _SATURDAY for day in make_up if day):
            problems.append(Problem(f"{at}make_up", "其中有的日期不是周末，无须调休。", ""))
        if problems or first is None or last is None:
            return problems
        return Holiday(self.name.data, first, last, tuple(day for day in make_up if day))


class YearByHandForm(PortalForm):
    """A year as the notice says it; holidays can be added and removed."""

    year = WholeNumberField("年度")
    notice = TextField("通知标题", longest=120)
    document_number = TextField("发文字号", longest=60, description="如：国办发明电〔2026〕9号")
    holidays = wtforms.FieldList(wtforms.FormField(HolidayForm), max_entries=MOST_HOLIDAYS)

    def show(self, year: int, entry: CalendarYear | None) -> None:
        """Begin with what is loaded for the year, else with the names of the holidays."""
        self.year.data = year
        if entry is None:
            self.notice.data = f"国务院办公厅关于{year}年部分节假日安排的通知"
            for name in USUAL_HOLIDAYS:
                self.holidays.append_entry({"name": name})
            return
        self.notice.data, self.document_number.data = entry.notice, entry.document_number
        worked = dict(entry.make_up_working_days)
        for name, first, last in spans_by_name(entry):
            make_up = [day.isoformat() for day in sorted(worked) if worked[day] == name]
            worked = {day: of for day, of in worked.items() if of != name}
            told = {"name": name, "first": first, "last": last, "make_up": " ".join(make_up)}
            self.holidays.append_entry(told)

    def add_row(self) -> None:
        """One more holiday, not filled in."""
        if len(self.holidays) < MOST_HOLIDAYS:
            self.holidays.append_entry({})

    def remove_row(self, number: int) -> None:
        """Take one holiday out; what is typed in the others stays."""
        kept = [entry.data for place, entry in enumerate(self.holidays) if place != number]
        while self.holidays.entries:
            self.holidays.pop_entry()
        for one in kept:
            self.holidays.append_entry(one)

    def toml(self) -> str:
        """The year as the text that is loaded. Raises Invalid with the problems of all fields."""
        year = self.year.data or 0
        problems = [] if 2000 <= year <= 9998 else [Problem("year", "请填写四位年份。", "")]
        words = (
            ("notice", self.notice, "请填写通知标题。"),
            ("document_number", self.document_number, "请填写发文字号。"),
        )
        problems += [Problem(name, say, "") for name, field, say in words if not field.data]
        rows = [(number, entry.form) for number, entry in enumerate(self.holidays) if not entry.form.is_blank]
        read = [form.holiday(number, year) for number, form in rows]
        problems += [problem for one in read if isinstance(one, list) for problem in one]
        if not rows:
            problems.append(Problem("", "请至少填写一个节日。", ""))
        if problems:
            raise Invalid(problems)
        holidays = [one for one in read if isinstance(one, Holiday)]
        return write_calendar_year(year, self.notice.data, self.document_number.data, holidays)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
