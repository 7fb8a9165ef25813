"""Pages that everybody may read: the Standard, how deadlines are counted, accessibility, the verification page."""

from portal.blueprints.public import time_poll, verification  # noqa: F401  (add their routes to the blueprint)
from portal.blueprints.public.views import blueprint

__all__ = ["blueprint"]
