"""The application: the one module that knows all others."""

from __future__ import annotations

from flask import Flask

from portal.blueprints import (
    account,
    accounts_admin,
    archive,
    calendar,
    consultation,
    experts,
    fees,
    notices,
    producer,
    public,
    recall,
    rotation,
    system,
    tasks,
)
from portal.config import Settings
from portal.models.database import Database
from portal.services.seals import warn_of_unusable_seals
from portal.web import health
from portal.web.acting import Clock, Wiring, connect, utc_now
from portal.web.compiled_templates import keep_compiled_templates
from portal.web.csrf import install_csrf
from portal.web.guard import install_guard, refuse_unguarded
from portal.web.pages import install_pages
from portal.web.refusals import install_refusals
from portal.web.security import harden
from portal.web.sessions import install_sessions
from portal.web.uploads import receive_uploads

BLUEPRINTS = (
    *(health.blueprint, public.blueprint, account.blueprint, accounts_admin.blueprint),
    *(tasks.blueprint, consultation.blueprint, experts.blueprint, fees.blueprint, archive.blueprint),
    *(recall.blueprint, producer.blueprint, rotation.blueprint, calendar.blueprint, notices.blueprint),
    *system.BLUEPRINTS,
)


def create_app(settings: Settings, database: Database, *, clock: Clock = utc_now) -> Flask:
    """The portal as a WSGI application. LookupError when a route names no permission."""
    app = Flask("portal", static_folder=None)
    app.secret_key = settings.secret_key
    connect(app, Wiring(settings, database, clock))
    # In this order before each request: its id, then the guard; after it the reverse.
    harden(app, settings)
    receive_uploads(app)
    install_sessions(app, settings)
    install_csrf(app)
    install_guard(app)
    install_refusals(app)
    install_pages(app)
    keep_compiled_templates(app, settings.instance)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    refuse_unguarded(app)
    warn_of_unusable_seals(settings.seals_folder, clock())
    return app
