"""Forgotten passwords, invitations and resets: links of one purpose, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import inspect, select, text

from portal.config import PasswordProfile, Settings
from portal.models.account import AccountLink, Person, RecoveryRequest
from portal.models.event import Event
from portal.models.outbox import OutboxMessage
from portal.process.errors import Refusal
from portal.services import accounts
from portal.services.account_links import choose_password, issue_emergency_link, link_of_token
from portal.services.account_passwords import hash_password, prepare_new_password, prove_log_in
from portal.services.account_recovery import (
    LIMIT_LASTS,
    LINKS_PER_ACCOUNT,
    REQUESTS_PER_ADDRESS,
    ask_for_recovery,
    settle_recovery_requests,
)
from portal.services.account_sessions import (
    FAILURES_BEFORE_LOCK,
    change_password,
    digest_of_token,
    sign_in,
    visitor_of_token,
)
from portal.services.accounts import NewPerson, create_person
from portal.services.outbox import deliver_due
from tests.factories.accounts import NEW_PASSWORD, PASSWORD, choose, events, log_in, tokens
from tests.factories.world import NOON, build_world

GIVEN = NewPerson("zhaoxin", "赵新", "zhaoxin@example.org", frozenset({"auditor"}))
LIMITS = {"idle": timedelta(minutes=30), "absolute": timedelta(hours=12)}


@pytest.fixture(scope="module")
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture
def world(database, password_hash):
    with database.write() as db:
        return build_world(db, password_hash=password_hash)


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})


@pytest.fixture
def post(database, settings):
    """Let the worker do what is due at a moment; the envelopes that left."""

    def leave(now=NOON):
        sent = []
        settle_recovery_requests(database, settings, now)
        deliver_due(database, settings, now, send=lambda envelope, _settings: sent.append(envelope))
        return sent

    return leave


def ask(database, typed, now=NOON, address="192.0.2.7"):
    with database.write() as db:
        ask_for_recovery(db, typed=typed, address=address, now=now)


def is_open(database, token, now=NOON):
    with database.read() as db:
        return link_of_token(db, token=token, now=now) is not None


@pytest.mark.parametrize("typed", ["anhui-staff", " Anhui-STAFF ", "ANHUI-staff@example.org"])
def test_a_forgotten_password_is_replaced_by_the_mailed_link_once(database, world, post, typed):
    with database.write() as db:
        db.get_one(Person, world.staff["anhui"].person_id).email = "Anhui-Staff@example.org"
    session = log_in(database, "anhui-staff", PASSWORD)
    for _ in range(FAILURES_BEFORE_LOCK):
        log_in(database, "anhui-staff", "wrong")
    ask(database, typed)
    (mail,) = post()
    assert mail.recipient == "Anhui-Staff@example.org"
    assert mail.subject.startswith("【重置密码】")
    assert "12:30" in mail.subject
    (token,) = tokens([mail])
    assert len(token) >= 43  # 256 bits
    for _ in range(3):
        assert is_open(database, token)  # Looking, as mail scanners do, uses nothing up.
    assert choose(database, token)
    assert not choose(database, token)
    with database.read() as db:
        assert visitor_of_token(db, token=session.token, now=NOON, **LIMITS) is None
    assert log_in(database, "anhui-staff", PASSWORD) is None
    assert log_in(database, "anhui-staff", NEW_PASSWORD)  # the lock is lifted
    assert ("password_chosen", None) in events(database)
    (notice,) = post()
    assert notice.subject.startswith("【密码已修改】")
    assert not tokens([notice])


def test_who_gets_no_mail(database, world, post):
    with database.write() as db:
        db.get_one(Person, world.staff["anhui"].person_id).is_active = False
        db.get_one(Person, world.staff["jiangsu"].person_id).email = ""
    for typed in ("nobody", "nobody@example.org", "anhui-staff", "jiangsu-staff", "@", "%", ""):
        ask(database, typed)
    assert post() == []
    reasons = [reason for name, reason in events(database) if name == "recovery_refused"]
    assert reasons == ["unknown_name", "unknown_name", "disabled", "no_mail_address", *["unknown_name"] * 3]
    with database.read() as db:
        assert {request.typed for request in db.scalars(select(RecoveryRequest))} == {None}


def test_each_account_of_a_mailbox_gets_its_own_link(database, world, post):
    with database.write() as db:
        for key in ("anhui", "jiangsu"):
            db.get_one(Person, world.staff[key].person_id).email = "office@example.org"
    ask(database, "office@example.org")
    mails = post()
    assert len(set(tokens(mails))) == 2
    assert {name for mail in mails for name in ("anhui-staff", "jiangsu-staff") if name in mail.text} == {
        "anhui-staff", "jiangsu-staff"
    }  # fmt: skip


def test_a_link_expires_and_ends_with_a_newer_one(database, world, post, settings):
    ask(database, "anhui-staff")
    (first,) = tokens(post())
    just_before = NOON + settings.reset_link_lasts - timedelta(seconds=1)
    assert is_open(database, first, just_before)
    assert not choose(database, first, now=NOON + settings.reset_link_lasts)
    ask(database, "anhui-staff")
    (second,) = tokens(post())
    assert not is_open(database, first)
    assert is_open(database, second)


def test_a_link_ends_with_a_password_change_with_disabling_and_with_another_mail_address(database, world, post):
    person_id = world.staff["anhui"].person_id
    other = {"actor": world.security_administrator, "person_id": person_id, "now": NOON}

    def by_password_change(db):
        session = sign_in(
            db, proof=prove_log_in(db, username="anhui-staff", password=PASSWORD), address="", user_agent="", now=NOON
        )
        actor = visitor_of_token(db, token=session.token, now=NOON, **LIMITS).actor
        proof = prove_log_in(db, username="anhui-staff", password=PASSWORD)
        new = prepare_new_password(
            db, person_id=person_id, password=NEW_PASSWORD, profile=PasswordProfile.STANDARD, field="new_password"
        )
        digest = digest_of_token(session.token)
        assert change_password(db, actor=actor, token_digest=digest, proof=proof, new=new, now=NOON)

    def by_disabling(db):
        accounts.set_active(db, is_active=False, **other)
        accounts.set_active(db, is_active=True, **other)

    def by_another_address(db):
        accounts.change_email(db, email="new@example.org", **other)

    for end in (by_disabling, by_another_address, by_password_change):
        ask(database, "anhui-staff")
        (token,) = tokens(post())
        assert is_open(database, token)
        with database.write() as db:
            end(db)
        assert not is_open(database, token)
        assert not choose(database, token)


def test_a_link_does_not_work_for_a_disabled_account(database, world, post):
    ask(database, "anhui-staff")
    (token,) = tokens(post())
    with database.write() as db:
        db.get_one(Person, world.staff["anhui"].person_id).is_active = False
    assert not is_open(database, token)


def test_two_who_send_the_same_link_at_once_cannot_both_choose(database, world, post):
    ask(database, "anhui-staff")
    (token,) = tokens(post())
    with database.read() as db:
        new = prepare_new_password(
            db, person_id=world.staff["anhui"].person_id, password=NEW_PASSWORD,
            profile=PasswordProfile.STANDARD, field="new_password",
        )  # fmt: skip
    results = []
    for _ in range(2):
        with database.write() as db:
            results.append(choose_password(db, token=token, new=new, address="192.0.2.7", now=NOON))
    assert results == [True, False]
    assert events(database)[-1][0] == "account_link_refused"


@pytest.mark.parametrize("token", ["", "x", "None", "\udcff", "a" * 10_000])
def test_unknown_tokens_are_none(database, world, token):
    assert not is_open(database, token)


def test_an_account_gets_so_many_links_an_hour_and_the_last_one_stays_good(database, world, post):
    for _ in range(LINKS_PER_ACCOUNT + 2):
        ask(database, "anhui-staff")
    links = tokens(post())
    assert len(links) == LINKS_PER_ACCOUNT
    assert is_open(database, links[-1])
    assert [reason for name, reason in events(database) if name == "recovery_refused"] == ["too_many"] * 2
    later = NOON + LIMIT_LASTS
    ask(database, "anhui-staff", now=later)
    assert len(tokens(post(later))) == 1


def test_a_network_address_may_ask_so_often_an_hour(database, world):
    for number in range(REQUESTS_PER_ADDRESS + 5):
        ask(database, f"name-{number}")
    ask(database, "anhui-staff", address="192.0.2.8")
    ask(database, "anhui-staff", now=NOON + LIMIT_LASTS)
    with database.read() as db:
        asked = [request.typed for request in db.scalars(select(RecoveryRequest).order_by(RecoveryRequest.id))]
    assert asked == [*(f"name-{number}" for number in range(REQUESTS_PER_ADDRESS)), "anhui-staff", "anhui-staff"]


def test_requests_are_forgotten_when_they_count_no_more(database, world, post):
    ask(database, "nobody")
    post()
    post(NOON + LIMIT_LASTS)
    with database.read() as db:
        assert db.scalars(select(RecoveryRequest)).all() == []


def test_asking_costs_the_same_statements_and_no_hash_for_everybody(database, world, monkeypatch):
    from portal.services import account_passwords

    hashed, costs = [], {}
    monkeypatch.setattr(account_passwords, "_hasher", hashed)  # would fail at the first use
    with database.write() as db:
        db.get_one(Person, world.staff["jiangsu"].person_id).is_active = False
    for typed in ("anhui-staff", "jiangsu-staff", "nobody", "nobody@example.org"):
        said = []

        def note(*given, said=said):
            said.append(given[2])

        sql_event.listen(database.engine, "before_cursor_execute", note)
        ask(database, typed)
        sql_event.remove(database.engine, "before_cursor_execute", note)
        costs[typed] = said
    assert costs["nobody"]
    assert all(said == costs["nobody"] for said in costs.values())
    assert hashed == []


def test_the_token_is_in_the_mail_and_nowhere_else(database, world, post, caplog):
    caplog.set_level("DEBUG")
    ask(database, "anhui-staff")
    with database.write() as db:
        create_person(db, actor=world.security_administrator, given=GIVEN, now=NOON)
    mails = post()
    found = tokens(mails)
    assert len(found) == 2
    for token in found:
        choose(database, token)
        choose(database, token)
    kept = []
    with database.read() as db:
        for table in inspect(database.engine).get_table_names():
            kept += [str(tuple(row)) for row in db.execute(text(f'SELECT * FROM "{table}"'))]
    everything = "\n".join(kept) + caplog.text
    assert "anhui-staff" in everything
    for token in found:
        assert digest_of_token(token) in everything
        assert token not in everything


def test_a_second_try_of_the_mail_has_a_link_that_works(database, world, settings):
    from portal.mail.errors import DeliveryFailed

    sent = []

    def fail(envelope, _settings):
        sent.append(envelope)
        raise DeliveryFailed("no answer", is_permanent=False)

    ask(database, "anhui-staff")
    settle_recovery_requests(database, settings, NOON)
    deliver_due(database, settings, NOON, send=fail)
    later = NOON + timedelta(minutes=2)
    deliver_due(database, settings, later, send=lambda envelope, _settings: sent.append(envelope))
    first, second = tokens(sent)
    assert not is_open(database, first, later)
    assert choose(database, second, now=later)


def test_an_invitation_lets_its_owner_choose_the_first_password(database, world, post):
    with database.write() as db:
        created = create_person(
            db, actor=world.security_administrator, given=GIVEN, now=NOON, link_lasts=timedelta(hours=2)
        )
    assert log_in(database, "zhaoxin", "") is None
    with database.read() as db:
        line = accounts.account(db, actor=world.security_administrator, person_id=created.person_id, now=NOON)
    assert not line.has_password
    assert line.link_until == NOON + timedelta(hours=2)
    (mail,) = post()
    assert mail.subject.startswith("【请设置密码】")
    (token,) = tokens([mail])
    assert not is_open(database, token, NOON + timedelta(hours=2))
    assert choose(database, token)
    assert log_in(database, "zhaoxin", NEW_PASSWORD)


def test_a_reset_voids_the_password_and_mails_a_link(database, world, post):
    person_id = world.staff["anhui"].person_id
    reset = {"actor": world.security_administrator, "person_id": person_id, "link_lasts": timedelta(hours=2)}
    with database.write() as db:
        accounts.reset_password(db, now=NOON, **reset)
    assert log_in(database, "anhui-staff", PASSWORD) is None
    (mail,) = post()
    assert "安全管理员已作废" in mail.text
    (token,) = tokens([mail])
    with database.write() as db:
        accounts.reset_password(db, now=NOON, **reset)
    (again,) = tokens(post())
    assert not choose(database, token)
    assert choose(database, again)
    with database.write() as db:
        accounts.set_active(db, actor=reset["actor"], person_id=person_id, is_active=False, now=NOON)
    with pytest.raises(Refusal), database.write() as db:
        accounts.reset_password(db, now=NOON, **reset)


def test_the_operators_link_of_last_resort(database, world):
    with database.write() as db:
        token = issue_emergency_link(db, username="security", lasts=timedelta(minutes=30), now=NOON)
    assert choose(database, token)
    assert log_in(database, "security", NEW_PASSWORD)
    with database.read() as db:
        issued = db.scalar(select(Event).where(Event.name == "account_link_issued"))
        assert issued.facts == {"person": world.security_administrator.person_id, "purpose": "emergency"}
        assert db.scalar(select(OutboxMessage.kind)) == "password_changed"  # its owner is told
    with pytest.raises(Refusal), database.write() as db:
        issue_emergency_link(db, username="nobody", lasts=timedelta(minutes=30), now=NOON)


def test_a_person_has_one_open_link_also_past_the_service(database, world):
    from sqlalchemy.exc import IntegrityError

    link = {"person_id": world.auditor.person_id, "purpose": "reset", "issued_at": NOON, "expires_at": NOON}
    with pytest.raises(IntegrityError), database.write() as db:
        db.add_all([AccountLink(**link), AccountLink(**link)])
