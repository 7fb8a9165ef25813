"""Passwords that were used before, and passwords that are too old, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.config import PasswordProfile
from portal.models.account import AccountLink, FormerPassword, Person
from portal.process.errors import Invalid
from portal.services.account_links import issue_emergency_link
from portal.services.account_passwords import hash_password, prepare_new_password, prove_log_in
from portal.services.account_sessions import change_password, digest_of_token, visitor_of_token
from tests.factories.accounts import PASSWORD, choose, events, log_in
from tests.factories.world import NOON, build_world

LIMITS = {"idle": timedelta(minutes=30), "absolute": timedelta(hours=12)}


@pytest.fixture
def world(database):
    with database.write() as db:
        return build_world(db, password_hash=hash_password(PASSWORD))


def test_the_last_five_passwords_are_refused_under_mlps3_and_only_there(database, world):
    """The present one and the four before it; the sixth is free again. A refused choice leaves the link open."""
    used = [f"Rain in month {number}" for number in range(1, 7)]

    def again(password, profile=PasswordProfile.MLPS3):
        with database.write() as db:
            token = issue_emergency_link(db, username="anhui-staff", lasts=timedelta(hours=1), now=NOON)
        return token, choose(database, token, password, profile=profile)

    for password in used:
        assert again(password)[1]
    for password in used[1:]:
        with pytest.raises(Invalid) as caught:
            again(password)
        (problem,) = caught.value.problems
        assert problem.field == "new_password"
        assert "最近 5 次" in problem.message
    with database.read() as db:
        link = db.scalar(select(AccountLink).order_by(AccountLink.id.desc()).limit(1))
        assert link.used_at is None
        assert len(db.scalars(select(FormerPassword)).all()) == 5
    assert again(used[0])[1]
    assert again(used[0], PasswordProfile.STANDARD)[1]


def test_a_wrong_present_password_is_refused_before_a_reused_new_one(database, world):
    """Else the answer would tell a guesser, uncounted, which passwords were used."""
    session = log_in(database, "anhui-staff", PASSWORD)
    with database.write() as db:
        person = db.get_one(Person, world.staff["anhui"].person_id)
        person.password_hash = hash_password("Rain in month 1")
        db.add(FormerPassword(person_id=person.id, password_hash=hash_password("Rain in month 2"), replaced_at=NOON))
    with database.read() as db:
        actor = visitor_of_token(db, token=session.token, now=NOON, **LIMITS).actor
        proof = prove_log_in(db, username="anhui-staff", password="a guess")
        new = prepare_new_password(
            db, person_id=actor.person_id, password="Rain in month 2", profile=PasswordProfile.MLPS3, field="f"
        )
    assert new.used_among_last == 5
    with database.write() as db:
        digest = digest_of_token(session.token)
        assert change_password(db, actor=actor, token_digest=digest, proof=proof, new=new, now=NOON) is None
    assert events(database)[-1] == ("password_change_refused", "wrong_password")


def test_an_old_password_is_told_at_log_in_and_not_while_somebody_works(database, world):
    lasts = timedelta(days=90)

    def must(at, look_at):
        session = log_in(database, "anhui-staff", PASSWORD, now=at)
        with database.read() as db:
            return visitor_of_token(
                db, token=session.token, now=look_at, password_lasts=lasts, **LIMITS
            ).must_change_password

    before = NOON + lasts - timedelta(minutes=5)
    assert not must(before, before)
    assert not must(before, before + timedelta(minutes=10))
    assert must(NOON + lasts, NOON + lasts)
