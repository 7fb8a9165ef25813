"""The page of an institution's group robot: for its liaisons, and its address is never shown again."""

from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from tests.factories.world import World
from tests.services.test_channels import ALL, FEISHU
from tests.support.clock import Clock
from tests.support.surfer import Surfer

PAGE = "/rotation/channel"


def page(answer) -> str:
    return answer.get_data(as_text=True)


def test_a_liaison_sets_tests_and_removes_the_robot(
    settings: Settings, sqlite_database: Database, world: World, clock: Clock
) -> None:
    app: Flask = create_app(replace(settings, channels=ALL), sqlite_database, clock=clock)
    surfer = Surfer(app)
    surfer.log_in("anhui-liaison-1")
    assert f'href="{PAGE}"' in page(surfer.get("/rotation/liaisons"))
    assert surfer.post(f"{PAGE}/test").status_code == 409
    wrong = surfer.post(PAGE, {"address": "https://example.cn/hook"})
    assert (wrong.status_code, 'id="address-error"' in page(wrong)) == (422, True)
    assert surfer.post(PAGE, {"address": FEISHU}).status_code == 303
    assert surfer.post(f"{PAGE}/test").status_code == 303
    seen = page(surfer.get(PAGE))
    assert ("飞书群机器人" in seen, "【测试】" in seen, "待发送" in seen) == (True, True, True)
    assert "1d2e3f4a" not in seen
    assert surfer.post(f"{PAGE}/remove").status_code == 303
    assert "现在的机器人" not in page(surfer.get(PAGE))


def test_it_is_off_by_default_and_for_liaisons_only(surf: Callable[..., Surfer], world: World) -> None:
    liaison = surf("anhui-liaison-1")
    assert PAGE not in page(liaison.get("/rotation/liaisons"))
    assert "没有启用群机器人" in page(liaison.get(PAGE))
    assert liaison.post(PAGE, {"address": FEISHU}).status_code == 422
    assert surf("anhui-staff").get(PAGE).status_code == 404
