"""The working calendar: the year at a glance, and loading a new one."""

from portal.blueprints.calendar.views import blueprint

__all__ = ["blueprint"]
