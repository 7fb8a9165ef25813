"""How urgent a mail is."""

from __future__ import annotations

from enum import StrEnum


class Urgency(StrEnum):
    """When a mail leaves."""

    MANDATORY = "mandatory"  # at once, whatever the hour and the preference
    ORDINARY = "ordinary"  # at once, but not in the recipient's quiet hours
    DIGESTIBLE = "digestible"  # as ordinary, unless the recipient has chosen a digest or does not want it
