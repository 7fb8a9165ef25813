"""Every route × every person × a consultation of one's own or another's (security line 6)."""

from functools import partial

import pytest

from portal.app import create_app
from portal.config import Settings
from portal.process.consultation import Stage
from tests.factories import (
    application,
    ending,
    material,
    meeting_minutes,
    online_session,
    panel,
    time_poll,
    voting,
)
from tests.factories.world import NOON, build_world
from tests.security.matrix import UndoneDatabase, expected, make_scene, one_of_each_kind, people, steps, surfers
from tests.support.clock import Clock
from tests.support.compiled_templates import share_compiled_templates
from tests.support.error_pages import shorten_error_pages

# Stage of the consultation, how it comes about, and the time by then.
SCENES = {
    Stage.DRAFT: (application.drafted, NOON),
    Stage.SUBMITTED: (application.submitted, NOON),
    Stage.PANEL: (panel.nominated, NOON),
    Stage.MATERIAL: (panel.confirmed, NOON),
    Stage.PRELIMINARY_ANALYSIS: (material.sent, NOON),
    Stage.SCHEDULING: (time_poll.time_poll_opened, NOON),
    Stage.SCHEDULED: (online_session.participants_named, NOON),
    Stage.IN_SESSION: (online_session.session_opened, online_session.STARTS),
    Stage.VOTING: (voting.voting, NOON),
    Stage.TALLIED: (partial(voting.tallied, votes=voting.UNANIMOUS), meeting_minutes.AFTER),
    Stage.DRAFTING_MINUTES: (meeting_minutes.concluded, meeting_minutes.AFTER),
    Stage.ISSUED: (meeting_minutes.issued, meeting_minutes.AFTER),
    Stage.ARCHIVED: (ending.archived, meeting_minutes.AFTER),
    Stage.DISPOSED: (ending.disposed, ending.EXPIRED),
    Stage.RETURNED: (ending.returned, NOON),
    Stage.DISCARDED: (ending.discarded, NOON),
    Stage.WITHDRAWN: (ending.withdrawn, NOON),
    Stage.TERMINATED: (ending.terminated, NOON),
}
# A route that is not about a consultation answers alike in all scenes; the first has them all.
EVERY_ROUTE = Stage.DRAFT
IN_FULL = (EVERY_ROUTE, Stage.PANEL, Stage.PRELIMINARY_ANALYSIS, Stage.VOTING, Stage.ISSUED, Stage.DISPOSED)
"""In the other stages only what a stage decides is asked."""


def test_every_stage_has_its_scene():
    assert set(SCENES) == set(Stage)


@pytest.mark.parametrize("stage", SCENES)
def test_every_route_answers_as_the_permission_table_says(stage, sqlite_database, tmp_path):
    make, when = SCENES[stage]
    clock = Clock(when)
    with sqlite_database.write() as db:
        world = build_world(db)
        scene = make_scene(db, world, make(db, world).id)
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    share_compiled_templates(settings.instance)
    material.keep_files(settings)
    undone = UndoneDatabase(str(sqlite_database.engine.url))
    try:
        app = create_app(settings, undone, clock=clock)
        app.testing = True
        shorten_error_pages(app)
        browsers = surfers(app, sqlite_database, people(world), when)
        wrong = []
        with sqlite_database.read() as db:
            is_first = stage == EVERY_ROUTE
            actors = people(world) if is_first else one_of_each_kind(db, scene, people(world), when)
            for step in steps(app, scene):
                if not is_first and not step.endpoint.startswith("consultation."):
                    continue
                if stage not in IN_FULL and step.permission.stages is None and not step.permission.besides:
                    continue  # who sees what hangs on the relation, and that changes in the others
                if step.endpoint.startswith("recall.") and "case_id" in step.arguments:
                    continue  # a recall case has scenes of its own (test_case_access)
                for actor in [None, *actors]:
                    right = expected(db, step, actor, scene, when)
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
