"""The consultation: one blueprint, a module for each step. An act's endpoint bears the act's name."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("consultation", __name__, url_prefix="/consultations")

from portal.blueprints.consultation import application, listing, overview  # noqa: E402, F401  (they add their routes)
