"""What identifies a person who is paid: identity document, bank account, telephone. Only their shape is checked."""

from __future__ import annotations

import re
from datetime import date

from portal.rules.problem import Problem

STANDARD = "GB 11643—1999"
DOCUMENT_KINDS = {
    "resident_card": "居民身份证",
    "passport": "护照",
    "hong_kong_macao_permit": "港澳居民来往内地通行证",
    "taiwan_permit": "台湾居民来往大陆通行证",
    "permanent_residence": "外国人永久居留身份证",
}

# GB 11643—1999: the weight of place i (counted from the right, the check character being 1) is 2 to the power i - 1
# modulo 11, and the whole number leaves the remainder 1; the table gives the character for each remainder.
_CHECK_CHARACTERS = "10X98765432"
_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_NUMBER = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_OTHER_NUMBER = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)
_ACCOUNT = re.compile(r"\d{8,30}", re.ASCII)
_MOBILE = re.compile(r"(\+?86)?1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?", re.ASCII)
_SHOWN = 4


def check_character(first_seventeen: str) -> str:
    """The 18th character that belongs to the first 17 digits of a resident's number."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def check_document_number(kind: str, number: str, today: date, field: str = "id_number") -> tuple[Problem, ...]:
    """What is wrong with the number of a document of `kind` (DOCUMENT_KINDS): length, birthday, check character."""
    if kind != "resident_card":
        if _OTHER_NUMBER.fullmatch(number):
            return ()
        return (Problem(field, "证件号码应为 5 至 20 位大写字母或数字。", ""),)
    if not _NUMBER.fullmatch(number):
        return (Problem(field, f"居民身份证号码应为 18 位，末位可为 X（{STANDARD}）。", STANDARD),)
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born = None
    if born is None or born > today:
        return (Problem(field, f"居民身份证号码中的出生日期不成立，请核对（{STANDARD}）。", STANDARD),)
    if check_character(number[:-1]) != number[-1]:
        return (Problem(field, f"居民身份证号码校验位不符，请核对（{STANDARD}）。", STANDARD),)
    return ()


def check_bank_account(account: str, field: str = "account") -> tuple[Problem, ...]:
    """What is wrong with the shape of an account number."""
    if _ACCOUNT.fullmatch(account):
        return ()
    return (Problem(field, "银行账号应为 8 至 30 位数字。", ""),)


def is_card_number(account: str) -> bool:
    """Whether digits pass the check of bank cards (Luhn). Accounts that are no cards need not: it is only a warning."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(account))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def check_phone(phone: str, field: str = "phone") -> tuple[Problem, ...]:
    """What is wrong with a telephone number of China: a mobile's 11 digits, or a landline with its area code."""
    if _MOBILE.fullmatch(phone) or _LANDLINE.fullmatch(phone):
        return ()
    return (Problem(field, "联系电话应为 11 位手机号，或带区号的固定电话，如 021-12345678。", ""),)


def masked(text: str) -> str:
    """A number of which only the last four characters can be read; short ones show none."""
    shown = text[-_SHOWN:] if len(text) > 2 * _SHOWN else ""
    return "*" * (len(text) - len(shown)) + shown
