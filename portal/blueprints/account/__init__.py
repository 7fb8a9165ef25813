"""One's own account: log-in, log-out, password, open log-ins."""

from portal.blueprints.account.views import blueprint

__all__ = ["blueprint"]
