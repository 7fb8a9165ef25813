"""What passwords have to be, by profile."""

import pytest

from portal.config import PasswordProfile
from portal.process.errors import Invalid
from portal.services.password_rules import RULES, _common_passwords, require_acceptable_password

STANDARD, MLPS3 = PasswordProfile.STANDARD, PasswordProfile.MLPS3


def refusal(password, profile):
    with pytest.raises(Invalid) as caught:
        require_acceptable_password(password, username="zhaoxin", field="new_password", profile=profile)
    (problem,) = caught.value.problems
    assert problem.field == "new_password"
    return problem.message


@pytest.mark.parametrize(
    "password", ["", "short12", "12345678", "PASSWORD", "aaaaaaaa", "abababab", "woaini1314", "my-zhaoxin-1", "x" * 201]
)
def test_passwords_that_are_refused(password):
    assert refusal(password, STANDARD)


@pytest.mark.parametrize("password", ["三月的雨下在江南", "correct horse", "x7-Kp2!q"])
def test_passwords_that_are_accepted(password):
    require_acceptable_password(password, username="zhaoxin", field="new_password", profile=STANDARD)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x7-Kp2!qz", "密码至少 10 个字符，现有 9 个。"),
        ("correct horse", "四类中的至少 3 类，现有 2 类"),
        ("三月的雨下在江南之地", "现有 1 类"),
        ("ABCDEFGHIJ12", "现有 2 类"),
        ("Zhaoxin-2026", "密码不能包含账号。"),
        ("My-ZHAOXIN-2026", "密码不能包含账号。"),
        ("Aa1" + "x" * 198, "密码最多 200 个字符。"),
    ],
)
def test_mlps3_names_the_rule_that_is_broken(password, said):
    assert said in refusal(password, MLPS3)


@pytest.mark.parametrize(
    "password", ["Correct horse", "三月的雨下 Rain", "rain-in-2026", "RAIN-in-march", "雨2026 in the"]
)
def test_passwords_that_mlps3_accepts(password):
    require_acceptable_password(password, username="zhaoxin", field="new_password", profile=MLPS3)


def test_the_page_tells_every_rule_of_the_profile():
    assert RULES[STANDARD].sentence == "至少 8 个字符；可以是一句只有您知道的话。"
    told = RULES[MLPS3].sentence
    assert all(words in told for words in ("至少 10 个", "至少有 3 类", "不含账号", "最近 5 次", "每 90 天"))


def test_the_list_of_common_passwords_is_usable():
    listed = _common_passwords()
    assert len(listed) > 150
    assert all(len(one) >= RULES[STANDARD].shortest and one == one.lower() for one in listed)
