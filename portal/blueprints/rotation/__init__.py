"""The rotating lead and the liaisons (Art. 3)."""

from portal.blueprints.rotation.views import blueprint

# Add their routes to the blueprint.
from portal.blueprints.rotation import channels, handover, heads, liaisons, reminders  # isort: skip  # noqa: F401

__all__ = ["blueprint"]
