"""What people type for dates, numbers, money and percentages, read as the annexes' typed values.

Full-width signs count as the usual ones. What cannot be read raises Unreadable, whose text says what is expected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from portal.web.fields import LARGEST_WHOLE_NUMBER

LARGEST_AMOUNT = Decimal(10) ** 12
EARLIEST_YEAR = 1900

_NUMBER = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?", re.ASCII)
_DAYS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?", re.ASCII),
    re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", re.ASCII),
)


class Unreadable(ValueError):
    """Something typed is not what the field takes; the message says in Chinese what is."""


def read_date(text: str) -> date:
    """Read 2026-03-01, 2026年3月1日, 2026/3/1 or 2026.3.1."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    found = next((match for form in _DAYS if (match := form.fullmatch(plain))), None)
    if found is None:
        raise Unreadable("请填写日期，例如 2026年3月1日")
    year, month, day = (int(part) for part in found.groups())
    if year < EARLIEST_YEAR:
        raise Unreadable(f"日期的年份为{found[1]}，请核对")
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable(f"没有{year}年{month}月{day}日这一天，请核对") from None


def read_number(text: str, unit: str = "") -> int:
    """Read a whole number: 1200, 1,200, １２００, with or without its unit."""
    whole, fraction = _digits(text, unit, "请填写整数，例如 1200 或 1,200")
    if fraction:
        raise Unreadable("请填写整数，例如 1200 或 1,200")
    if abs(whole) > LARGEST_WHOLE_NUMBER:
        raise Unreadable(f"数字过大，最大为{LARGEST_WHOLE_NUMBER:,}")
    return int(whole)


def read_money(text: str, unit: str = "") -> Decimal:
    """Read an amount with at most two decimals: 1,200.50, ¥1200, 1200元."""
    amount, fraction = _digits(text.strip().lstrip("¥￥"), unit or "元", "请填写金额，例如 1200 或 1,200.50")
    if len(fraction) > 2:
        raise Unreadable("金额最多两位小数，例如 1200.50")
    if abs(amount) >= LARGEST_AMOUNT:
        raise Unreadable(f"金额过大，应小于{LARGEST_AMOUNT:,}")
    return amount


def read_percentage(text: str, unit: str = "") -> Decimal:
    """Read the number before the sign: 87.5 or 87.5%."""
    rate, fraction = _digits(text, unit or "%", "请填写百分数，例如 87.5 或 87.5%")
    if len(fraction) > 2:
        raise Unreadable("百分数最多两位小数，例如 87.50%")
    if abs(rate) >= LARGEST_AMOUNT:
        raise Unreadable("百分数过大，请核对")
    return rate


READERS: Mapping[str, Callable[[str, str], object]] = MappingProxyType(
    {
        "date": lambda text, _unit: read_date(text),
        "number": read_number,
        "money": read_money,
        "percentage": read_percentage,
    }
)
"""How the one control of a field of that type is read: what was typed and the field's unit."""


def _digits(text: str, unit: str, expected: str) -> tuple[Decimal, str]:
    """The number, and its decimals as typed without the noughts at their end."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    found = _NUMBER.fullmatch(plain.removesuffix(unit) if unit else plain)
    if found is None or len(plain) > 40:
        raise Unreadable(expected)
    sign, whole, fraction = found[1], found[2].replace(",", ""), (found[3] or "").lstrip(".").rstrip("0")
    return Decimal(f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"), fraction
