"""Pages that everybody may read: published recalls, the Standard, how deadlines are counted, the verification page."""

from portal.blueprints.public import recalls, time_poll, verification  # noqa: F401  (add their routes to the blueprint)
from portal.blueprints.public.views import blueprint

__all__ = ["blueprint"]
