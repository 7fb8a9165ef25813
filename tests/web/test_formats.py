"""Dates, numbers and typed text on a page."""

from datetime import UTC, date, datetime

from markupsafe import Markup

from portal.web import formats

MIDNIGHT = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)  # 00:00 on the 28th in Beijing


def test_moments():
    assert formats.beijing(MIDNIGHT) == "11月27日（周五）24:00"
    assert formats.beijing(MIDNIGHT, year=True) == "2026年11月27日（周五）24:00"
    assert formats.beijing(datetime(2026, 11, 21, 1, 5, tzinfo=UTC)) == "11月21日（周六）09:05"
    assert formats.beijing(None) == ""
    assert formats.beijing_minute(MIDNIGHT) == "2026年11月28日 00:00"
    assert formats.clock_time(MIDNIGHT) == "00:00"


def test_days():
    assert formats.beijing_date(MIDNIGHT) == "2026年11月28日"
    assert formats.beijing_date(date(2026, 11, 21)) == "2026年11月21日"
    assert formats.month_day(date(2026, 1, 2)) == "1月2日"
    assert (formats.beijing_date(None), formats.month_day(None)) == ("", "")


def test_numbers_and_sizes():
    assert (formats.number(1234567), formats.number(None)) == ("1,234,567", "")
    sizes = [0, 999, 1000, 12_345, 209_715_200, 5_000_000_000]
    assert [formats.file_size(size) for size in sizes] == ["0 B", "999 B", "1.0 KB", "12 KB", "210 MB", "5.0 GB"]


def test_typed_text_is_escaped_and_keeps_its_lines():
    assert formats.paragraphs("a <b>\r\nc\n") == Markup("a &lt;b&gt;<br>c<br>")
    assert formats.paragraphs(None) == ""


def test_browsers_are_called_by_name():
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 MicroMessenger/8.0"
    assert formats.browser_name(edge) == "Edge（Windows）"
    assert formats.browser_name(phone) == "微信（iPhone）"
    assert formats.browser_name("curl/8") == "其他浏览器"
