"""All kinds of obligation, of both processes and of none: one ledger (portal.models.obligation)."""

from __future__ import annotations

from portal.process.obligations import OBLIGATIONS, ObligationKind
from portal.process.recall_obligations import RECALL_OBLIGATIONS, RecallObligationKind

AnyKind = ObligationKind | RecallObligationKind
KINDS: dict[str, AnyKind] = {**OBLIGATIONS, **RECALL_OBLIGATIONS}
