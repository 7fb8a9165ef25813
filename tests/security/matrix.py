"""The whole product route × person × object: what each answer has to be, worked out from the permission table.

Nothing is listed per route. A route's permission says who may; the address is built from the names of its
arguments (ARGUMENTS), so that a new route is covered the day it is written. Writing is undone after each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from portal.models.account import Person
from portal.models.database import Database
from portal.process.errors import NotFound, Refusal
from portal.process.permissions import Actor, Permission, authorise, is_granted
from portal.services.account_passwords import PasswordProof
from portal.services.account_sessions import sign_in
from portal.services.kernel.loading import find
from portal.web.assets import assets
from portal.web.guard import permission_of
from tests.factories.world import World
from tests.support.surfer import Surfer


@dataclass(frozen=True)
class Scene:
    """The objects that addresses are about."""

    world: World
    consultation_id: int


ARGUMENTS: dict[str, Callable[[Scene], object]] = {
    "consultation_id": lambda scene: scene.consultation_id,
    "person_id": lambda scene: scene.world.staff["anhui"].person_id,
    "file_name": lambda _scene: assets()["portal.css"].file_name,
}
"""What stands for each argument of an address. A route with another one adds a line here."""

DONE = frozenset({200, 204, 303})
REFUSED_INPUT = frozenset({409, 422})
"""An empty form is refused for what it says, not for who sends it."""


class UndoneDatabase(Database):
    """A database whose writers do all their work, and then nothing of it is kept."""

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A write transaction that always ends in a rollback."""
        with self._writers() as db:
            yield db
            db.flush()
            db.rollback()


@dataclass(frozen=True)
class Step:
    """One request to make."""

    endpoint: str
    method: str
    url: str
    permission: Permission


def steps(app: Flask, scene: Scene) -> list[Step]:
    """Every route with every method, with its address."""
    found = []
    for rule in app.url_map.iter_rules():
        permission = permission_of(app, rule.endpoint)
        assert permission is not None, f"{rule.endpoint} names no permission"
        methods = sorted((rule.methods or set()) & {"GET", "POST"})
        found += [Step(rule.endpoint, method, address(app, rule, scene), permission) for method in methods]
    return found


def address(app: Flask, rule: Rule, scene: Scene) -> str:
    """The address of a rule, its arguments taken from ARGUMENTS."""
    unknown = rule.arguments - ARGUMENTS.keys()
    assert not unknown, f"{rule.endpoint}: say in tests/security/matrix.py what stands for {', '.join(unknown)}"
    values = {name: ARGUMENTS[name](scene) for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def expected(db: Session, step: Step, actor: Actor | None, scene: Scene, now: datetime) -> frozenset[int]:
    """The statuses that `actor` (None: signed out) may get from `step`, by the permission table alone."""
    permission = step.permission
    is_change = step.method == "POST"
    fine = DONE | (REFUSED_INPUT if is_change else frozenset())
    if permission.public:
        return frozenset({400, 422} if is_change else {200, 303})
    if actor is None:
        return frozenset({400} if is_change else {303})
    if not permission.relations:
        return fine if is_granted(permission.name, actor) else frozenset({404})
    try:
        loaded = find(db, actor=actor, consultation_id=scene.consultation_id, now=now)
        authorise(permission.name, loaded.relations, loaded.stage)
    except NotFound:
        return frozenset({404})
    except Refusal as refusal:
        # The page of an act that is not open may say so (200), and doing it is refused.
        return frozenset({refusal.status} if is_change else {refusal.status, 200})
    return fine


class LoggedIn(Surfer):
    """A browser that is logged in at every request, also after one that logged it out (which was undone)."""

    def __init__(self, app: Flask, cookie: str) -> None:
        super().__init__(app)
        self._cookie = cookie
        self.open("GET", "/account/password")

    def open(self, method: str, url: str) -> int:
        """Send a request, a form with its token alone; the status of the answer."""
        self.client.set_cookie("portal", self._cookie, domain="localhost")
        if method == "GET":
            return int(self.get(url).status_code)
        return int(self.client.post(url, data={"csrf_token": self.token}).status_code)


def surfers(app: Flask, database: Database, actors: list[Actor], now: datetime) -> dict[int, LoggedIn]:
    """A logged-in browser for each actor, by person; without the cost of passwords."""
    made = {}
    for actor in actors:
        with database.write() as db:
            kept = db.get_one(Person, actor.person_id).password_hash
            proof = PasswordProof(actor.person_id, is_right=True, checked_hash=kept)
            signed = sign_in(db, proof=proof, address="192.0.2.1", user_agent="matrix", now=now)
        assert signed is not None
        made[actor.person_id] = LoggedIn(app, signed.token)
    return made
