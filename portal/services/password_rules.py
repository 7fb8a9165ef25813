"""What a password has to be: the profiles, each with its source, and the check against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from portal.config import PasswordProfile
from portal.process.errors import Invalid

LONGEST_PASSWORD = 200  # ASVS 6.2.9 asks for 64 at least; without an upper bound a request could be made to cost


@dataclass(frozen=True)
class PasswordRules:
    """What one profile asks for. `classes` of the four kinds of characters; `remembered` passwords, the present
    one among them, that may not be chosen again; `lasts`: how long a password may be used, None for ever.
    """

    shortest: int
    classes: int = 1
    remembered: int = 0
    lasts: timedelta | None = None

    @property
    def sentence(self) -> str:
        """The rules as the page tells them."""
        said = [f"至少 {self.shortest} 个字符"]
        if self.classes > 1:
            said.append(f"{_CLASS_WORDS}四类中至少有 {self.classes} 类")
        if self.remembered:
            said.append("不含账号")
            said.append(f"与最近 {self.remembered} 次用过的密码不同")
        if self.lasts is not None:
            said.append(f"每 {self.lasts.days} 天须更换一次")
        if len(said) == 1:
            said.append("可以是一句只有您知道的话")
        return "；".join(said) + "。"


RULES = {
    # OWASP ASVS 5.0, 6.2.1, 6.2.5 and 6.2.10: eight characters, no composition, no rotation.
    PasswordProfile.STANDARD: PasswordRules(shortest=8),
    # GB/T 22239-2019, 8.1.4.1 a) asks for complexity and for regular change and leaves the figures to the house;
    # these are what its assessors commonly look for.
    PasswordProfile.MLPS3: PasswordRules(shortest=10, classes=3, remembered=5, lasts=timedelta(days=90)),
}
MOST_REMEMBERED = max(rules.remembered for rules in RULES.values())
"""How many former hashes are kept under any profile, so that the stricter one works from the day it is set."""

_CLASS_WORDS = "大写字母、小写字母、数字、其他字符"


def require_acceptable_password(
    password: str, *, username: str, field: str, profile: PasswordProfile = PasswordProfile.STANDARD
) -> None:
    """Refuse, as Invalid at `field` and naming the rule, a password that the profile does not allow."""
    rules = RULES[profile]
    if len(password) < rules.shortest:
        raise Invalid.field(field, f"密码至少 {rules.shortest} 个字符，现有 {len(password)} 个。")
    if len(password) > LONGEST_PASSWORD:
        raise Invalid.field(field, f"密码最多 {LONGEST_PASSWORD} 个字符。")
    found = len(_classes(password))
    if found < rules.classes:
        raise Invalid.field(field, f"密码须含{_CLASS_WORDS}四类中的至少 {rules.classes} 类，现有 {found} 类。")
    lowered = password.lower()
    if lowered in _common_passwords() or len(set(lowered)) <= 2:
        raise Invalid.field(field, "这个密码太常见，容易被猜中，请换一个。")
    if username and username.lower() in lowered:
        raise Invalid.field(field, "密码不能包含账号。")


def _classes(password: str) -> set[str]:
    """Which of the four kinds of characters a password has; letters without case, such as 汉字, are others."""
    kinds = ((str.isupper, "upper"), (str.islower, "lower"), (str.isdecimal, "digit"))
    return {next((name for is_of, name in kinds if is_of(letter)), "other") for letter in password}


@cache
def _common_passwords() -> frozenset[str]:
    text = files(__package__).joinpath("common-passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
