"""What the portal tells a person: preferences, everything told so far, the calendar feed; whom mail does not reach."""

from portal.blueprints.notices.views import blueprint

__all__ = ["blueprint"]
