"""Pages that everybody may read: the Standard, how deadlines are counted, accessibility."""

from portal.blueprints.public.views import blueprint

__all__ = ["blueprint"]
