"""The whole product route × person × object: what each answer has to be, worked out from the permission table.

Nothing is listed per route. A route's permission says who may; the address is built from the names of its
arguments (`make_scene`), so that a new route is covered the day it is written. Writing is undone after each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from portal.models.account import Person
from portal.models.archive import ArchivePackage, CustodyDrill
from portal.models.database import Database
from portal.models.expert import Expert, ExpertImport, OrganisationAlias
from portal.models.institution import Institution, Liaison, RotationTerm
from portal.models.material import Material
from portal.models.material_preview import MaterialPreview
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.models.voting import ConsultationSheet, VotingRound
from portal.models.watch import WatchFile
from portal.process.consultation import Stage
from portal.process.errors import NotFound, Refusal
from portal.process.permissions import Actor, Permission, Role, authorise, is_granted
from portal.services.account_passwords import PasswordProof
from portal.services.account_sessions import sign_in
from portal.services.kernel.loading import Loaded, find
from portal.services.kernel.mailing import queue
from portal.services.organisation_aliases import add_alias
from portal.web.assets import assets, viewer_tables
from portal.web.guard import permission_of
from tests.factories.material import a_picture
from tests.factories.publications import published_recall
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer


@dataclass(frozen=True)
class Scene:
    """The objects that addresses are about: one consultation, and the arguments of every address."""

    world: World
    consultation_id: int
    arguments: Mapping[str, object]


NOTHING = 999_999
"""Stands for an object that this scene has not; its pages do not exist for anybody."""


def make_scene(db: Session, world: World, consultation_id: int) -> Scene:
    """The scene around a consultation. A route with another argument adds a line here."""
    anhui = world.institutions["anhui"]
    person = db.get_one(Person, world.staff["anhui"].person_id)
    queue(db, "password_changed", [person], now=NOON, link_label="登录", link_path="/login", changed_at=NOON)
    add_alias(db, actor=world.staff["anhui"], name="博西家电", alias="西门子家电", source="公司网站", now=NOON)
    first: dict[str, Select[tuple[int]]] = {
        "obligation_id": select(Obligation.id).where(Obligation.consultation_id == consultation_id),
        "duty_id": select(Obligation.id).where(Obligation.slot == "of anhui"),
        "message_id": select(OutboxMessage.id).where(OutboxMessage.person_id == person.id),
        "liaison_id": select(Liaison.id).where(Liaison.institution_id == anhui, Liaison.until_on.is_(None)),
        "package_id": select(ArchivePackage.id),
        "drill_id": select(CustodyDrill.id),
        "material_id": select(Material.id).where(Material.consultation_id == consultation_id),
        "file_id": select(WatchFile.id),
        "expert_id": select(Expert.id).where(Expert.institution_id == anhui),
        "alias_id": select(OrganisationAlias.id),
        "import_id": select(ExpertImport.id).where(ExpertImport.institution_id == anhui),
        "regulator_id": select(Institution.id).where(Institution.kind == "regulator"),
        "term_id": select(RotationTerm.id).where(RotationTerm.starts_on > NOON.date()),
        # Sheets and counts of a round exist for others only once it is closed.
        "sheet_id": select(ConsultationSheet.id)
        .join(VotingRound)
        .where(VotingRound.consultation_id == consultation_id, VotingRound.tally.is_not(None)),
    }
    # Something that Anhui owes outside of any consultation, and that does not concern the lead.
    db.add(Obligation(kind="hold_custody_drill", institution_id=anhui, slot="of anhui", since_at=NOON, due_at=NOON))
    db.add(a_county())
    db.flush()
    arguments = {name: db.scalar(query.order_by("id").limit(1)) or NOTHING for name, query in first.items()}
    rounds = db.scalars(select(VotingRound).where(VotingRound.consultation_id == consultation_id))
    arguments |= {
        "own_message_id": arguments["message_id"],
        "consultation_id": consultation_id,
        "institution_id": anhui,
        "person_id": world.staff["anhui"].person_id,
        "number": min((one.number for one in rounds if one.has_tally), default=NOTHING),
        "year": NOON.year,
        "correction": 0,
        "code": "0000-0000-0000-0000",
        "question": "severity",
        "kind": "sign_sheet",
        # Recall cases have their own scenes (test_case_access); here there is none.
        "case_id": NOTHING,
        "document_id": NOTHING,
        "system": "national",
    }
    picture = {"sha256": a_picture().sha256, "content_type": "image/png", "title": ""}
    arguments |= {"publication_id": published_recall(db, pictures=[picture]).id, "sha256": picture["sha256"]}
    _preview(db, consultation_id)
    arguments |= {"version": viewer_tables(), "table": "cmaps/UniGB-UCS2-H.bcmap"}
    return Scene(world, consultation_id, {**arguments, "file_name": assets()["portal.css"].file_name})


def a_county() -> Institution:
    """A regulator, which the four technical institutions have nothing to do with."""
    return Institution(
        kind="regulator", level="county", name="南京市江宁区市场监督管理局", short_name="江宁", badge="苏",
        province="jiangsu", division="320115",
    )  # fmt: skip


def _preview(db: Session, consultation_id: int) -> None:
    """The material has a preview as well: the file that is there stands for it."""
    item = db.scalar(select(Material).where(Material.consultation_id == consultation_id).order_by(Material.id).limit(1))
    if item is not None:
        said = {"state": "made", "preview_sha256": item.sha256, "preview_size": item.size, "asked_at": NOON}
        db.add(MaterialPreview(sha256=item.sha256, content_type=item.content_type, **said))


OWNED_BY_ANHUI = ("liaison_id", "expert_id", "import_id", "alias_id", "duty_id")
"""Arguments whose object belongs to an institution: its own people may, those of another may not."""

NARROWED: dict[str, Callable[[Actor], bool]] = {
    # Art. 3: staff name a liaison only while their institution has none; in these scenes each has two.
    "edit_liaisons": lambda actor: Role.LIAISON in actor.roles,
    # The rules are set by the institution that leads at that time: Jiangsu.
    "set_reminder_policy": lambda actor: actor.name.startswith("ji"),
}
"""Permissions of a role that a service narrows by the state of things: who is left in these scenes."""


SINGLED_OUT: dict[str, Callable[[Loaded], bool]] = {
    # Of others one sees the signed sheets that the two permissions beside it let see; the own one at any time.
    "view_signed_sheet": lambda loaded: (
        loaded.may("view_sheets") or loaded.may("view_earlier_rounds") or loaded.actor.name == FIRST_SIGNER
    ),
    # The receipt is the signer's own.
    "view_own_sheet": lambda loaded: loaded.actor.name == FIRST_SIGNER,
    # What was disposed of is there for nobody (Art. 9).
    "view_minutes": lambda loaded: loaded.stage is not Stage.DISPOSED,
    # A certificate is there once something was destroyed.
    "view_certificate": lambda loaded: loaded.stage is Stage.DISPOSED,
}
"""Permissions on one object of a consultation that a service narrows further: who is left in these scenes."""

FIRST_SIGNER = "sh专1"


def people(world: World) -> list[Actor]:
    """Staff, a liaison and two experts of each institution, and the three administrators."""
    kinds = [world.staff.values(), (pair[0] for pair in world.liaisons.values())]
    experts = [actor for many in world.experts.values() for actor in many[:2]]
    singles = [world.administrator, world.security_administrator, world.auditor]
    return [*(actor for kind in kinds for actor in kind), *experts, *(actor for actor in singles if actor)]


def one_of_each_kind(db: Session, scene: Scene, actors: list[Actor], now: datetime) -> list[Actor]:
    """The first of those who stand alike to the consultation: same relations and roles, the same signed sheets.

    Who has nothing to do with it stands as anybody else does, whatever the role: one for all of them.
    """

    def kind(actor: Actor) -> object:
        loaded = find(db, actor=actor, consultation_id=scene.consultation_id, now=now)
        return (actor.roles, loaded.relations, actor.name == FIRST_SIGNER) if loaded.relations else None

    return list({kind(actor): actor for actor in reversed(actors)}.values())


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
    arguments: frozenset[str]


def steps(app: Flask, scene: Scene) -> list[Step]:
    """Every route with every method, with its address."""
    found = []
    for rule in app.url_map.iter_rules():
        permission = permission_of(app, rule.endpoint)
        assert permission is not None, f"{rule.endpoint} names no permission"
        names = frozenset(rule.arguments)
        methods = sorted((rule.methods or set()) & {"GET", "POST"})
        found += [Step(rule.endpoint, method, address(app, rule, scene), permission, names) for method in methods]
    return found


def address(app: Flask, rule: Rule, scene: Scene) -> str:
    """The address of a rule, its arguments taken from the scene."""
    unknown = rule.arguments - scene.arguments.keys()
    assert not unknown, f"{rule.endpoint}: say in tests/security/matrix.py what stands for {', '.join(unknown)}"
    values = {name: scene.arguments[name] for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def _of_no_consultation(step: Step, actor: Actor, scene: Scene, fine: frozenset[int]) -> frozenset[int]:
    """The statuses of a route whose permission rests on roles alone."""
    name = step.permission.name
    if not is_granted(name, actor):
        return frozenset({404})
    if not NARROWED.get(name, lambda _actor: True)(actor):
        return frozenset({403, 404})
    if "own_message_id" in step.arguments:
        return fine if actor.person_id == scene.arguments["person_id"] else frozenset({404})
    is_foreign = actor.institution_id != scene.world.institutions["anhui"]
    return frozenset({403, 404}) if is_foreign and step.arguments & set(OWNED_BY_ANHUI) else fine


def expected(db: Session, step: Step, actor: Actor | None, scene: Scene, now: datetime) -> frozenset[int]:
    """The statuses that `actor` (None: signed out) may get from `step`, by the permission table alone."""
    permission = step.permission
    is_change = step.method == "POST"
    fine = DONE | (REFUSED_INPUT if is_change else frozenset())
    if permission.public:
        return frozenset({400, 422} if is_change else {200, 303})
    if actor is None:
        return frozenset({400} if is_change else {303})
    if any(scene.arguments[name] == NOTHING for name in step.arguments):
        return frozenset({404})
    if not permission.relations:
        return _of_no_consultation(step, actor, scene, fine)
    try:
        loaded = find(db, actor=actor, consultation_id=scene.consultation_id, now=now)
        authorise(permission.name, loaded.relations, loaded.stage)
        if not SINGLED_OUT.get(permission.name, lambda _loaded: True)(loaded):
            return frozenset({404})
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
        is_get = method == "GET"
        answer = self.get(url) if is_get else self.client.post(url, data={"csrf_token": self.token})
        answer.close()  # of a file that nobody reads to its end
        return int(answer.status_code)


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
