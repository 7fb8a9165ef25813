"""Every route × every person × a consultation of one's own or another's (security line 6)."""

import pytest

from portal.app import create_app
from portal.config import Settings
from portal.process.consultation import Stage
from tests.factories import application
from tests.factories.world import NOON, build_world
from tests.security.matrix import UndoneDatabase, expected, make_scene, people, steps, surfers
from tests.support.clock import Clock

# Stage of the consultation, and how it comes about. Later steps add theirs.
SCENES = {
    Stage.DRAFT: application.drafted,
    Stage.SUBMITTED: application.submitted,
    Stage.PANEL: application.accepted,
}


@pytest.mark.parametrize("stage", SCENES)
def test_every_route_answers_as_the_permission_table_says(stage, sqlite_database, tmp_path):
    clock = Clock(NOON)
    with sqlite_database.write() as db:
        world = build_world(db)
        scene = make_scene(db, world, SCENES[stage](db, world).id)
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    undone = UndoneDatabase(str(sqlite_database.engine.url))
    try:
        app = create_app(settings, undone, clock=clock)
        app.testing = True
        browsers = surfers(app, sqlite_database, people(world), NOON)
        wrong = []
        with sqlite_database.read() as db:
            for step in steps(app, scene):
                for actor in [None, *people(world)]:
                    right = expected(db, step, actor, scene, NOON)
                    status = (
                        browsers[actor.person_id].open(step.method, step.url)
                        if actor
                        else app.test_client().open(step.url, method=step.method).status_code
                    )
                    if status not in right:
                        who = actor.name if actor else "signed out"
                        wrong.append(
                            f"{step.method} {step.url} ({step.permission.name}) as {who}: {status}, not {right}"
                        )
    finally:
        undone.dispose()
    assert not wrong, "\n".join(wrong)
