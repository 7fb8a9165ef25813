"""Accounts, for the security administrator."""

from portal.blueprints.accounts_admin.views import blueprint

__all__ = ["blueprint"]
