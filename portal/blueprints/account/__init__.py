"""One's own account: log-in, log-out, password, open log-ins, and the way back in."""

from portal.blueprints.account import recovery  # noqa: F401  (adds its routes)
from portal.blueprints.account.views import blueprint

__all__ = ["blueprint"]
