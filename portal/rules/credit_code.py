"""统一社会信用代码 with its check character, by GB 32100-2015."""

from __future__ import annotations

from portal.rules.problem import Problem

STANDARD = "GB 32100-2015"

# Section 4 of the standard: 31 characters, the letters I, O, S, V and Z left out; the weight of place i is
# 3 to the power i - 1 modulo 31, and the last character makes the weighted sum divisible by 31.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH = 18


def check_character(first_seventeen: str) -> str:
    """Return the 18th character that belongs to the first 17. One off the alphabet is a ValueError."""
    base = len(_ALPHABET)
    total = sum(_ALPHABET.index(char) * pow(3, place, base) for place, char in enumerate(first_seventeen))
    return _ALPHABET[-total % base]


def check_credit_code(code: str, field: str = "credit_code") -> tuple[Problem, ...]:
    """Return what is wrong with a code: its length, a character, or the check character (a typing error)."""
    if len(code) != _LENGTH:
        return (Problem(field, f"统一社会信用代码应为{_LENGTH}位，现为{len(code)}位（{STANDARD}）", STANDARD),)
    wrong = "、".join(sorted({char for char in code if char not in _ALPHABET}))
    if wrong:
        message = f"统一社会信用代码不使用字符“{wrong}”，只用数字和除I、O、S、V、Z外的大写字母（{STANDARD}）"
        return (Problem(field, message, STANDARD),)
    if check_character(code[:-1]) != code[-1]:
        return (Problem(field, f"统一社会信用代码校验位不符，请核对（{STANDARD}）", STANDARD),)
    return ()
