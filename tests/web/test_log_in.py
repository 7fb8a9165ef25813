"""Logging in and out: the way a person sees it."""


def test_signed_out_visitors_are_sent_to_log_in_and_back(surf, world):
    surfer = surf()
    answer = surfer.get("/account/sessions?x=1")
    assert (answer.status_code, answer.location) == (303, "/login?next=/account/sessions?x%3D1")
    page = surfer.get(answer.location)
    assert 'name="next" value="/account/sessions?x=1"' in page.text
    answer = surfer.log_in("shanghai-staff", next="/account/sessions?x=1")
    assert answer.location == "/account/sessions?x=1"
    assert "我的登录" in surfer.get(answer.location).text
