"""Every route of a recall case × one of each kind of person × a case in each stage, by the permission table alone.

The case has its whole way behind it, so that every page finds what it is about; then it is put into each stage, as
who may do what is a matter of relation and stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.app import create_app
from portal.config import Settings
from portal.models.case_document import CaseDocument, CaseFile
from portal.models.database import Database
from portal.models.recall_case import RecallCase
from portal.process.errors import Refusal
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.process.recall_permissions import RECALL_GUARD, RECALL_PERMISSIONS, Relation
from portal.services.kernel.case_loading import find_case
from portal.services.recall import taking_part
from portal.web.guard import permission_of
from tests.factories import material
from tests.factories.recall_story import JIANGNING, SUZHOU, Story, build_recall_world
from tests.security.matrix import DONE, REFUSED_INPUT, LoggedIn, UndoneDatabase, surfers
from tests.support.clock import Clock
from tests.support.compiled_templates import share_compiled_templates
from tests.support.error_pages import shorten_error_pages

ENDED = {"closed_at": None, "outcome": None}

NOT_THERE = {"view_case_consultation"}
"""What this case has not: it asked for no consultation."""


@dataclass(frozen=True)
class Scene:
    """One case with the people around it, in an application that keeps nothing of what is sent."""

    app: Flask
    database: Database
    case_id: int
    people: dict[str, Actor]
    browsers: dict[int, LoggedIn]
    arguments: dict[str, object]


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Iterator[Scene]:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db))
        made = story.made
        story._do(taking_part.ask_county, institution_id=made.regulators[JIANGNING], task="送达通知书")
        story.to_filing()
        documents = db.scalars(select(CaseDocument.id).where(CaseDocument.case_id == story.case_id))
        files = db.scalars(select(CaseFile.id).where(CaseFile.case_id == story.case_id))
        arguments: dict[str, object] = {"document_id": min(documents), "file_id": min(files), "system": "national"}
        arguments["case_id"] = case_id = story.case_id
        people = {
            "city": made.city,
            "county": made.officers[JIANGNING],
            "province": made.province,
            "technical": made.technical,
            "other city": made.officers[SUZHOU],
            "expert": made.world.experts["jiangsu"][0],
        }
        # The file that every scene keeps stands for those of the case.
        db.execute(update(CaseFile).values(sha256=material.a_file().sha256, size=material.a_file().size))
        now = story.now
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    share_compiled_templates(settings.instance)
    material.keep_files(settings)
    undone = UndoneDatabase(str(sqlite_database.engine.url))
    app = create_app(settings, undone, clock=Clock(now))
    app.testing = True
    shorten_error_pages(app)
    browsers = surfers(app, sqlite_database, list(people.values()), now)
    yield Scene(app, sqlite_database, case_id, people, browsers, arguments)
    undone.dispose()


def routes(scene: Scene) -> list[tuple[str, str, str]]:
    """Permission, method and address of every route about a case; an act is tried by its POST."""
    found = []
    urls = scene.app.url_map.bind("localhost")
    for rule in scene.app.url_map.iter_rules():
        if not rule.endpoint.startswith("recall.") or "case_id" not in rule.arguments:
            continue
        permission = permission_of(scene.app, rule.endpoint)
        assert permission is not None, f"{rule.endpoint} names no permission"
        assert permission.name in RECALL_PERMISSIONS, f"{rule.endpoint} goes by no permission of a recall case"
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        url = urls.build(rule.endpoint, {name: scene.arguments[name] for name in rule.arguments})
        found.append((permission.name, method, url))
    return found


def expected(permission: str, method: str, relations: frozenset[Relation], stage: Stage) -> frozenset[int]:
    try:
        RECALL_GUARD.authorise(permission, relations, stage)
    except Refusal as refusal:
        return frozenset({refusal.status})
    if permission in NOT_THERE:
        return frozenset({404})
    return DONE | REFUSED_INPUT if method == "POST" else DONE


def test_every_route_of_a_case_answers_as_the_permission_table_says(scene: Scene) -> None:
    wrong, asked = [], routes(scene)
    assert len(asked) > 50
    for stage in Stage:
        with scene.database.write() as db:
            ended = {"closed_at": db.get_one(RecallCase, scene.case_id).begun_at, "outcome": "recalled"}
            values = ended if stage is Stage.CLOSED else ENDED
            db.execute(update(RecallCase).where(RecallCase.id == scene.case_id).values(stage=stage.value, **values))
        with scene.database.read() as db:
            relations = {
                who: find_case(db, actor=actor, case_id=scene.case_id).relations for who, actor in scene.people.items()
            }
        for who, actor in scene.people.items():
            if not relations[who] and stage not in (Stage.CLUE, Stage.CLOSED):
                continue  # for a stranger there is no case, in whatever stage
            for permission, method, url in asked:
                right = expected(permission, method, relations[who], stage)
                status = scene.browsers[actor.person_id].open(method, url)
                if status not in right:
                    wrong.append(f"{stage}: {method} {url} as {who}: {status}, not {sorted(right)}")
    assert not wrong, "\n".join(wrong)


def test_who_is_signed_out_is_asked_to_sign_in(scene: Scene) -> None:
    for _, method, url in routes(scene):
        status = scene.app.test_client().open(url, method=method).status_code
        assert status == (400 if method == "POST" else 303), url
