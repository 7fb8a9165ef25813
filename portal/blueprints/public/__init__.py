"""Pages that everybody may read: the Standard, how deadlines are counted, accessibility, the verification page."""

from portal.blueprints.public import verification  # noqa: F401  (adds its routes to the blueprint)
from portal.blueprints.public.views import blueprint

__all__ = ["blueprint"]
