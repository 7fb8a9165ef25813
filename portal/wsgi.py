"""What the web server loads: the application with the settings and the database of this installation."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def application() -> Flask:
    """Made anew in every web process, so that none shares a database connection with another.

    What is loaded here stays for good: the garbage collector does not look for anything in it, now or later.
    """
    gc.disable()
    from portal.app import create_app
    from portal.config import Settings
    from portal.models.database import Database

    settings = Settings.from_environment()
    made = create_app(settings, Database(settings.database_url))
    gc.freeze()
    gc.enable()
    return made
