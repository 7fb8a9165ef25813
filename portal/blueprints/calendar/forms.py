"""The form that loads a year: a file, or its text."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import FileField
from wtforms.validators import ValidationError

from portal.web.fields import LongTextField
from portal.web.forms import PortalForm

LARGEST_FILE_BYTES = 64 * 1024
_LONGEST_TEXT = 20_000


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
