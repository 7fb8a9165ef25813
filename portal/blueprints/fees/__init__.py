"""劳务费: an institution's rates, totals and payment sheets; an expert's own fees and payment details."""

from portal.blueprints.fees.views import blueprint

__all__ = ["blueprint"]
