"""Pages are tested on the same application as portal.web's own tests."""

from tests.web.conftest import app, read_mail, settings, surf, world

__all__ = ["app", "read_mail", "settings", "surf", "world"]
