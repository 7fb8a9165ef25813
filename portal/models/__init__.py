"""SQLAlchemy 2 models, one module per aggregate; invariants stand as database constraints.

Importing this package imports every module, so that the metadata is complete for Alembic and for mappers.
"""

from portal.models import (  # noqa: F401  (imported for their mappings)
    account,
    archive,
    calendar,
    case_document,
    channel,
    consultation,
    event,
    expert,
    fee,
    institution,
    job,
    mail_preference,
    material,
    material_preview,
    meeting_minutes,
    obligation,
    online_session,
    outbox,
    panel,
    preliminary_analysis,
    recall_case,
    recall_publication,
    term_handover,
    time_poll,
    verification,
    voting,
    watch,
)
from portal.models.base import Base

__all__ = ["Base"]
