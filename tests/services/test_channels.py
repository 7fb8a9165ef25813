"""Group robots beside mail: what they are told, over real TLS to a server that stands for the three services."""

import http.server
import json
import socket
import ssl
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import trustme
from sqlalchemy import select

from portal.config import Settings, SettingsError
from portal.mail.channels import post, read_address
from portal.mail.errors import DeliveryFailed
from portal.models.channel import InstitutionChannel
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotFound, Refusal
from portal.services import channels
from portal.services.channel_delivery import tell_channels
from portal.services.outbox import deliver_due
from portal.services.payment_details import check_all_open
from tests.factories.application import submitted
from tests.factories.world import NOON, build_world

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=" + "a1" * 32
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/1d2e3f4a-7aaa-4bc4-97a0-0ec2sifa5aaa"
HOSTS = ("qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn")
ALL = ("wecombot", "dingtalk", "feishu")


class Services:
    """What reached the three hosts, and what they answer."""

    def __init__(self):
        self.received, self.status = [], 200


@pytest.fixture
def services(monkeypatch, tmp_path):
    """The three hosts on this machine, with certificates of an authority that requests trusts here."""
    found, authority = Services(), trustme.CA()
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "*")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.received.append((self.headers["Host"], self.path, body))
            self.send_response(found.status)
            self.end_headers()
            self.wfile.write(b'{"errcode": 0}')

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    resolve, port = socket.getaddrinfo, server.server_address[1]

    def here(host, *rest, **others):
        return resolve("127.0.0.1", port, *rest[1:], **others) if host in HOSTS else resolve(host, *rest, **others)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(tmp_path):
    return replace(Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "i")}), channels=ALL)


@pytest.mark.parametrize("address", [WECOM, DINGTALK, FEISHU])
def test_a_message_reaches_each_kind_of_robot(services, address):
    scheme, token = read_address(address)
    post(scheme, token, "SEC" + "b2" * 20 if scheme == "dingtalk" else "", "请受理，截止 11月27日")
    ((host, path, body),) = services.received
    assert f"https://{host}{path}".startswith(address)
    assert ("sign=" in path) == (scheme == "dingtalk")
    assert "请受理，截止 11月27日" in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("status", [500, 403])
def test_a_robot_that_refuses_is_told_with_its_answer_and_without_its_address(services, status):
    services.status = status
    scheme, token = read_address(WECOM)
    with pytest.raises(DeliveryFailed, match=str(status)) as failed:
        post(scheme, token, "", "请受理")
    assert token not in str(failed.value)


@pytest.mark.parametrize(
    "text", ["https://evil.example/send?key=693a91f6-7aaa-4bc4", WECOM + "&x=1", "json://10.0.0.1/", ""]
)
def test_no_other_address_is_taken(text):
    assert read_address(text) is None


def test_a_robot_is_told_what_its_institution_owes_once_and_no_product(database, settings, services):
    sent = []
    with database.write() as db:
        world = build_world(db)
        before = submitted(db, world)
        lead = world.liaisons["jiangsu"][0]
        channels.set_channel(
            db, actor=lead, address=WECOM, signing="", allowed=ALL, keys=settings.field_keys, now=NOON
        )  # fmt: skip
        row = db.scalars(select(InstitutionChannel)).one()
        assert "693a91f6" not in row.sealed
        consultation = submitted(db, world, now=NOON + timedelta(minutes=1))
    assert before.id != consultation.id
    later = NOON + timedelta(minutes=2)
    services.status = 500
    assert tell_channels(database, settings, later) == 1
    assert deliver_due(database, settings, later, send=lambda letter, _: sent.append(letter)) > 0
    services.status = 200
    assert tell_channels(database, settings, later + timedelta(seconds=30)) == 0
    assert tell_channels(database, settings, later + timedelta(minutes=2)) == 1
    assert tell_channels(database, settings, later + timedelta(minutes=5)) == 0
    failed, taken = (body["text"]["content"] for _, _, body in services.received)
    assert failed == taken
    with database.read() as db:
        message = db.scalars(select(OutboxMessage).where(OutboxMessage.channel == "wecombot")).one()
        assert (message.state, message.tries, message.channel_institution_id) == ("sent", 2, row.institution_id)
    assert taken.startswith(
        f"【请受理】会诊 {consultation.number}，截止 3月4日（周三）24:00\n{settings.base_url}/consultations/"
    )
    assert "电热毯" not in taken
    assert all(letter.recipient for letter in sent)


def test_who_sets_it_what_is_refused_and_that_it_is_forgotten(sqlite_database, settings, services):
    with sqlite_database.write() as db:
        world = build_world(db)
        actor, keys = world.liaisons["anhui"][0], settings.field_keys
        given = {"allowed": ("dingtalk",), "keys": keys, "now": NOON}
        with pytest.raises(NotFound):
            channels.set_channel(db, actor=world.staff["anhui"], address=DINGTALK, signing="", **given)
        for address, signing in ((WECOM, ""), (DINGTALK, "a b"), ("", "")):
            with pytest.raises(Invalid):
                channels.set_channel(db, actor=actor, address=address, signing=signing, **given)
        with pytest.raises(Refusal):
            channels.test_channel(db, actor=actor, now=NOON)
        channels.set_channel(db, actor=actor, address=DINGTALK, signing="SEC12345678", **given)
        channels.test_channel(db, actor=actor, now=NOON)
        check_all_open(db, keys=keys)
    assert tell_channels(sqlite_database, replace(settings, channels=()), NOON) == 0
    assert tell_channels(sqlite_database, settings, NOON) == 1
    with sqlite_database.write() as db:
        (message,) = channels.view_channel(db, actor=actor, allowed=ALL).messages
        assert (message.state, len(services.received)) == ("sent", 1)
        channels.test_channel(db, actor=actor, now=NOON)
        channels.remove_channel(db, actor=actor, now=NOON)
    assert tell_channels(sqlite_database, settings, NOON) == 1
    with sqlite_database.read() as db:
        assert channels.view_channel(db, actor=actor, allowed=ALL).messages[0].state == "failed"
        assert db.get(InstitutionChannel, world.institutions["anhui"]) is None


def test_the_setting_names_known_channels(tmp_path):
    given = {"PORTAL_INSTANCE": str(tmp_path / "i")}
    assert Settings.from_environment(given).channels == ()
    assert Settings.from_environment({**given, "PORTAL_CHANNELS": "feishu, wecombot"}).channels == (
        "wecombot",
        "feishu",
    )
    with pytest.raises(SettingsError, match="slack"):
        Settings.from_environment({**given, "PORTAL_CHANNELS": "slack"})
