"""What the web server loads: the application with the settings and the database of this installation."""

from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database


def application() -> Flask:
    """Made anew in every web process, so that none shares a database connection with another."""
    settings = Settings.from_environment()
    return create_app(settings, Database(settings.database_url))
