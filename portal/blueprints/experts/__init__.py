"""专家库: the own institution's register of experts."""

from portal.blueprints.experts import aliases, imports
from portal.blueprints.experts.views import blueprint

__all__ = ["aliases", "blueprint", "imports"]
