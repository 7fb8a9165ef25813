"""Accounts and log-in sessions as services, on both databases."""

from datetime import timedelta
from functools import cache

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select

from portal.models.account import LoginSession, Person
from portal.models.event import Event
from portal.models.institution import Liaison
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import Role
from portal.services import accounts
from portal.services.account_passwords import NewPassword, hash_password, prove_log_in, prove_own_password
from portal.services.account_sessions import (
    FAILURES_BEFORE_LOCK,
    LOCK_LASTS,
    change_password,
    digest_of_token,
    reauthenticate,
    sign_in,
    visitor_of_token,
)
from portal.services.accounts import NewPerson, create_person, first_administrator, list_accounts
from portal.services.kernel.events import broken_links
from tests.factories.world import NOON, build_world

PASSWORD = "三月的雨 2026"
LIMITS = {"idle": timedelta(minutes=30), "absolute": timedelta(hours=12)}


@cache
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture
def world(database):
    with database.write() as db:
        return build_world(db, password_hash=password_hash())


def log_in(database, username, password=PASSWORD, now=NOON):
    with database.read() as db:
        proof = prove_log_in(db, username=username, password=password)
    with database.write() as db:
        return sign_in(db, proof=proof, address="192.0.2.7", user_agent="Test/1.0", now=now)


def visitor(database, token, now=NOON):
    with database.read() as db:
        return visitor_of_token(db, token=token, now=now, **LIMITS)


def event_names(database):
    with database.read() as db:
        assert list(broken_links(db)) == []
        return list(db.scalars(select(Event.name).order_by(Event.id)))


def test_log_in_says_who_is_there_with_all_roles(database, world):
    liaison = visitor(database, log_in(database, "zhejiang-liaison-1").token)
    assert liaison.actor.roles == {Role.STAFF, Role.LIAISON}
    assert liaison.actor.institution_id == world.institutions["zhejiang"]
    assert (liaison.institution.badge, liaison.institution.province) == ("浙", "zhejiang")
    expert = visitor(database, log_in(database, "zhejiang-expert-1").token)
    assert expert.actor.expert_id == world.experts["zhejiang"][0].expert_id
    assert event_names(database) == ["signed_in", "signed_in"]


def test_who_is_there_is_one_statement(database, world):
    token = log_in(database, "zhejiang-liaison-1").token
    said = []
    with database.read() as db:
        db.connection()
        sql_event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        assert visitor_of_token(db, token=token, now=NOON, **LIMITS)
    assert len(said) == 1


def test_somebody_who_is_no_longer_liaison_is_not_one(database, world):
    token = log_in(database, "zhejiang-liaison-1").token
    with database.write() as db:
        person_id = world.liaisons["zhejiang"][0].person_id
        db.scalars(select(Liaison).where(Liaison.person_id == person_id)).one().until_on = NOON.date()
    assert visitor(database, token).actor.roles == {Role.STAFF}


def test_names_are_found_without_regard_to_case_and_blanks(database, world):
    assert log_in(database, "  Zhejiang-STAFF ")


def test_refusals_are_recorded_without_what_was_typed(database, world):
    assert log_in(database, "my secret password typed into the wrong field") is None
    assert log_in(database, "zhejiang-staff", "wrong") is None
    assert event_names(database) == ["sign_in_refused", "sign_in_refused"]
    with database.read() as db:
        assert "secret" not in str([event.facts for event in db.scalars(select(Event))])


def test_parallel_guesses_cannot_pass_the_lock(database, world):
    """All are checked before any is counted; the right one comes too late."""
    with database.read() as db:
        wrong = [
            prove_log_in(db, username="zhejiang-staff", password=f"guess {n}") for n in range(FAILURES_BEFORE_LOCK)
        ]
        right = prove_log_in(db, username="zhejiang-staff", password=PASSWORD)
    for proof in [*wrong, right]:
        with database.write() as db:
            assert sign_in(db, proof=proof, address="", user_agent="", now=NOON) is None
    assert event_names(database)[-2:] == ["account_locked", "sign_in_refused"]
    assert log_in(database, "zhejiang-staff", now=NOON + LOCK_LASTS)


def test_a_proof_from_before_a_password_change_proves_nothing(database, world):
    with database.read() as db:
        proof = prove_log_in(db, username="zhejiang-staff", password=PASSWORD)
    with database.write() as db:
        db.get_one(Person, proof.person_id).password_hash = hash_password("another one 1")
    with database.write() as db:
        assert sign_in(db, proof=proof, address="", user_agent="", now=NOON) is None


def test_reauthentication_changes_the_session_id_and_counts_failures(database, world):
    token = log_in(database, "zhejiang-expert-1").token
    actor = visitor(database, token).actor

    def prove(password, token):
        with database.read() as db:
            proof = prove_own_password(db, person_id=actor.person_id, password=password)
        with database.write() as db:
            return reauthenticate(db, actor=actor, token_digest=digest_of_token(token), proof=proof, now=NOON)

    fresh = prove(PASSWORD, token)
    assert visitor(database, token) is None
    assert visitor(database, fresh).reauthenticated_at == NOON
    for _ in range(FAILURES_BEFORE_LOCK):
        assert prove("wrong", fresh) is None
    assert prove(PASSWORD, fresh) is None  # locked
    assert log_in(database, "zhejiang-expert-1") is None


def test_another_persons_proof_is_none(database, world):
    token = log_in(database, "zhejiang-staff").token
    actor = visitor(database, token).actor
    with database.read() as db:
        proof = prove_log_in(db, username="anhui-staff", password=PASSWORD)
    with database.write() as db:
        digest = digest_of_token(token)
        assert reauthenticate(db, actor=actor, token_digest=digest, proof=proof, now=NOON) is None
        new = NewPassword(hash_password("quite new 1"), "new_password")
        assert change_password(db, actor=actor, token_digest=digest, proof=proof, new=new, now=NOON) is None


def test_a_hash_with_old_parameters_is_renewed_at_log_in(database, world):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.write() as db:
        db.get_one(Person, world.staff["anhui"].person_id).password_hash = weak
    assert log_in(database, "anhui-staff")
    with database.read() as db:
        kept = db.get_one(Person, world.staff["anhui"].person_id).password_hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert log_in(database, "anhui-staff")


GIVEN = NewPerson("zhaoxin", "赵新", "zhaoxin@example.org", frozenset({"auditor"}))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "x"}, "username"),
        ({"username": "赵新"}, "username"),
        ({"username": "Security"}, "username"),
        ({"name": " "}, "name"),
        ({"name": "名" * 41}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\nBcc: x@y"}, "email"),
        ({"roles": frozenset()}, "roles"),
        ({"roles": frozenset({"king"})}, "roles"),
        ({"roles": frozenset({"auditor", "administrator"})}, "roles"),
        ({"roles": frozenset({"auditor", "expert"})}, "roles"),
        ({"roles": frozenset({"staff"})}, "institution_id"),
        ({"roles": frozenset({"officer"}), "institution_id": 1}, "institution_id"),
        ({"institution_id": 1}, "institution_id"),
        ({"institution_id": 999}, "institution_id"),
    ],
)
def test_bad_accounts_name_the_field_and_leave_nothing(database, world, changes, field):
    given = NewPerson(**{**GIVEN.__dict__, **changes})
    with pytest.raises(Invalid) as caught, database.write() as db:
        create_person(db, actor=world.security_administrator, given=given, now=NOON)
    assert {problem.field for problem in caught.value.problems} == {field}
    with database.read() as db:
        assert db.scalar(select(Person).where(Person.email == GIVEN.email)) is None


@pytest.mark.parametrize("who", ["administrator", "auditor", "lead"])
def test_accounts_are_the_security_administrators_alone(database, world, who):
    actor, other = getattr(world, who), {"person_id": 1, "now": NOON}
    acts = [
        lambda db: create_person(db, actor=actor, given=GIVEN, now=NOON),
        lambda db: accounts.set_active(db, actor=actor, is_active=False, **other),
        lambda db: accounts.unlock(db, actor=actor, **other),
        lambda db: accounts.reset_password(db, actor=actor, link_lasts=timedelta(hours=1), **other),
        lambda db: accounts.change_email(db, actor=actor, email="new@example.org", **other),
        lambda db: accounts.set_roles(db, actor=actor, roles=frozenset({"staff"}), institution_id=1, **other),
        lambda db: list_accounts(db, actor=actor, now=NOON),
        lambda db: accounts.account(db, actor=actor, **other),
    ]
    for act in acts:
        with pytest.raises(NotFound), database.write() as db:
            act(db)


def test_nobody_acts_on_the_own_account(database, world):
    own = {"actor": world.security_administrator, "person_id": world.security_administrator.person_id, "now": NOON}
    for act in (
        lambda db: accounts.set_active(db, is_active=False, **own),
        lambda db: accounts.reset_password(db, link_lasts=timedelta(hours=1), **own),
        lambda db: accounts.change_email(db, email="new@example.org", **own),
        lambda db: accounts.set_roles(db, roles=frozenset({"administrator"}), institution_id=None, **own),
    ):
        with pytest.raises(Refusal), database.write() as db:
            act(db)


def test_roles_change_with_the_next_page(database, world):
    token = log_in(database, "administrator").token
    with database.write() as db:
        accounts.set_roles(
            db, actor=world.security_administrator, person_id=world.administrator.person_id,
            roles=frozenset({"auditor"}), institution_id=None, now=NOON,
        )  # fmt: skip
    assert visitor(database, token).actor.roles == {Role.AUDITOR}


def test_a_reset_ends_sessions_and_lifts_the_lock(database, world):
    token = log_in(database, "anhui-staff").token
    for _ in range(FAILURES_BEFORE_LOCK):
        log_in(database, "anhui-staff", "wrong")
    with database.write() as db:
        person_id = world.staff["anhui"].person_id
        lasts = timedelta(hours=1)
        accounts.reset_password(db, actor=world.security_administrator, person_id=person_id, link_lasts=lasts, now=NOON)
    assert visitor(database, token) is None
    assert log_in(database, "anhui-staff") is None
    with database.read() as db:
        person = db.get_one(Person, person_id)
        assert (person.password_hash, person.locked_until) == (None, None)


def test_the_list_finds_filters_and_pages(database, world):
    def found(**given):
        with database.read() as db:
            return list_accounts(db, actor=world.security_administrator, now=NOON, **given)

    everybody = found()
    assert (everybody.total, len(everybody.lines), everybody.pages) == (31, 25, 2)
    assert len(found(page=2).lines) == 6
    assert found(page=99).page == 2
    assert {line.username for line in found(search="ANHUI-L").lines} == {"anhui-liaison-1", "anhui-liaison-2"}
    assert found(search="%").total == 0
    assert found(role="auditor").total == 1
    log_in(database, "anhui-staff", "wrong")
    assert found(state="locked").total == 0
    for _ in range(FAILURES_BEFORE_LOCK):
        log_in(database, "anhui-staff", "wrong")
    assert [line.username for line in found(state="locked").lines] == ["anhui-staff"]


def test_the_first_account_is_made_once(database):
    first = {"username": "first", "name": "第一人", "email": "first@example.org", "now": NOON}
    with pytest.raises(Invalid), database.write() as db:
        first_administrator(db, password="password", **first)
    with database.write() as db:
        first_administrator(db, password=PASSWORD, **first)
    assert visitor(database, log_in(database, "first").token).actor.roles == {Role.SECURITY_ADMINISTRATOR}
    with pytest.raises(Refusal), database.write() as db:
        first_administrator(db, password=PASSWORD, **{**first, "username": "second"})


def test_the_mail_address_of_an_account_is_changed(database, world):
    change = {"actor": world.security_administrator, "person_id": world.staff["anhui"].person_id, "now": NOON}
    for _ in range(2):
        with database.write() as db:
            accounts.change_email(db, email=" new@example.org ", **change)
    for email in ("nobody", "", "a@b\nBcc: x@y"):
        with pytest.raises(Invalid) as caught, database.write() as db:
            accounts.change_email(db, email=email, **change)
        assert [problem.field for problem in caught.value.problems] == ["email"]
    with database.read() as db:
        assert db.get_one(Person, change["person_id"]).email == "new@example.org"
    assert event_names(database) == ["email_changed"]


def test_no_two_of_the_three_roles_also_not_past_the_service(database, world):
    from sqlalchemy.exc import IntegrityError

    from portal.models.account import PersonRole

    with pytest.raises(IntegrityError), database.write() as db:
        db.add(PersonRole(person_id=world.auditor.person_id, role="administrator"))


def test_sessions_of_a_person_are_kept_apart(database, world):
    first, second = log_in(database, "anhui-staff"), log_in(database, "anhui-staff")
    assert first.token != second.token
    with database.read() as db:
        rows = db.scalars(select(LoginSession)).all()
    assert len({row.csrf_secret for row in rows}) == 2
