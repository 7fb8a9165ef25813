"""How dates and numbers are said on a page: in Beijing time, in Chinese."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask
from markupsafe import Markup, escape

from portal.rules.date_words import beijing, beijing_date, clock_time, month_day
from portal.rules.dates import BEIJING
from portal.rules.fees import yuan

_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ 浏览器"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def beijing_minute(at: datetime | None) -> str:
    """2026年11月21日 14:02, when it happened; "" for None."""
    return "" if at is None else f"{beijing_date(at)} {at.astimezone(BEIJING):%H:%M}"


def beijing_second(at: datetime | None) -> str:
    """2026-11-27 14:02:07; "" for None."""
    return "" if at is None else f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def seconds_words(span: timedelta | None) -> str:
    """How long something lasts: 0.2 秒, 5 分钟, 1 小时, 24 小时; "" for None."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} 秒" if seconds % 1 else f"{seconds:.0f} 秒"
    return f"{seconds / 60:.0f} 分钟" if seconds < 3600 else f"{seconds / 3600:.0f} 小时"


def number(value: float | None) -> str:
    """12,345; "" for None."""
    return "" if value is None else f"{value:,}"


def file_size(count: int) -> str:
    """1.2 MB, out of bytes."""
    size, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"


def paragraphs(text: str | None) -> Markup:
    """Typed text with its line breaks, escaped."""
    lines = (text or "").replace("\r\n", "\n").split("\n")
    return Markup("<br>").join(escape(line) for line in lines)


def browser_name(user_agent: str) -> str:
    """Edge（Windows）, out of what a browser says of itself; 其他浏览器 for one that is not known."""
    # Each later one is also named by the earlier ones, so the order decides.
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "其他浏览器")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser}（{system}）" if system else browser


def install_formats(app: Flask) -> None:
    """Give these to templates as filters of the same names."""
    for say in (
        beijing,
        beijing_date,
        beijing_minute,
        beijing_second,
        seconds_words,
        month_day,
        clock_time,
        number,
        file_size,
        paragraphs,
        yuan,
        browser_name,
    ):
        app.jinja_env.filters[say.__name__] = say
