"""The producer's link (Art. 11, 14–16): what is asked, filled in and handed in without an account."""

from __future__ import annotations

from portal.blueprints.producer import annexes, answers, request_page  # noqa: F401  (add their routes to the blueprint)
from portal.blueprints.producer.access import blueprint

__all__ = ["blueprint"]
