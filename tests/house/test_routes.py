"""What must stay true of every route: a permission, no change on GET, a token on POST."""

import pytest

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from portal.process.permissions import PERMISSIONS
from portal.process.recall_permissions import RECALL_PERMISSIONS
from portal.web.guard import permission_of
from portal.web.navigation import NAVIGATION
from tests.factories import application
from tests.factories.world import NOON, build_world
from tests.security.matrix import make_scene, one_of_each_kind, people, steps, surfers
from tests.support.clock import Clock
from tests.support.compiled_templates import share_compiled_templates

MAY_WRITE_ON_GET = frozenset(
    {
        # Recorded: the moment an expert first opened the material.
        "consultation.show_material",
        "consultation.download_material",
        # Recorded: who took a package.
        "recall.download_package",
        "consultation.download_package",
        # Counted for its limit: a question to the verification page.
        "pages.verify_code_page",
        "consultation.download_scan",
        # Recorded: that a producer's link was opened.
        "producer.show_request",
    }
)
"""Endpoints whose GET notes that it was asked for, and changes nothing else."""


class CountingDatabase(Database):
    """A database that counts its write transactions."""

    writes = 0

    def write(self):
        """Count, then write."""
        type(self).writes += 1
        return super().write()


@pytest.fixture
def scene(sqlite_database):
    with sqlite_database.write() as db:
        world = build_world(db)
        return make_scene(db, world, application.accepted(db, world).id)


@pytest.fixture
def app(sqlite_database, tmp_path):
    database = CountingDatabase(str(sqlite_database.engine.url))
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    share_compiled_templates(settings.instance)
    made = create_app(settings, database, clock=Clock(NOON))
    made.testing = True
    yield made
    database.dispose()


def test_every_route_names_a_permission_of_the_table(app):
    for rule in app.url_map.iter_rules():
        permission = permission_of(app, rule.endpoint)
        assert permission is not None, rule.endpoint
        assert {**PERMISSIONS, **RECALL_PERMISSIONS}[permission.name] is permission


def test_the_permission_of_a_navigation_entry_is_that_of_its_page(app):
    for line in NAVIGATION:
        if line.endpoint in app.view_functions:
            assert permission_of(app, line.endpoint).name == line.permission


def different_people(scene, database):
    """One of each kind: who stands alike to everything is asked once."""
    with database.read() as db:
        return one_of_each_kind(db, scene, people(scene.world), NOON)


def test_get_never_changes_anything(app, scene, sqlite_database):
    browsers = surfers(app, sqlite_database, different_people(scene, sqlite_database), NOON)
    wrote = set()
    for step in steps(app, scene):
        if step.method != "GET":
            continue
        for surfer in browsers.values():
            before = CountingDatabase.writes
            surfer.open("GET", step.url)
            if CountingDatabase.writes != before:
                wrote.add(step.endpoint)
    assert wrote <= MAY_WRITE_ON_GET


def test_every_post_without_a_token_is_refused(app, scene, sqlite_database):
    browsers = surfers(app, sqlite_database, different_people(scene, sqlite_database), NOON)
    posts = [step for step in steps(app, scene) if step.method == "POST"]
    assert len(posts) > 10
    for step in posts:
        for client in [app.test_client(), *(surfer.client for surfer in browsers.values())]:
            before = CountingDatabase.writes
            assert client.post(step.url).status_code == 400, step.url
            assert client.post(step.url, data={"csrf_token": "0" * 80}).status_code == 400, step.url
            assert CountingDatabase.writes == before
