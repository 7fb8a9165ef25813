"""The institutions' seals as this installation has them: put on a PDF, looked at by the administrator and at start."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.documents.seal import SealFacts, SealUnusable, read_seal
from portal.rules.editions import load_edition

_log = logging.getLogger(__name__)
_UNUSABLE = "the seal of %s cannot be used: %s"


def sealed(
    content: bytes, *, folder: Path | None, institution: str, now: datetime
) -> tuple[bytes, dict[str, Any] | None]:
    """The PDF with the seal of an institution (its province's key), and what is to be kept about it.

    `folder` is where the certificates are; None where seals are not set up. A seal that cannot be used stops
    nothing: the PDF stays as it was, and the reason is kept under `problem`.
    """
    if folder is None:
        return content, None
    try:
        seal = read_seal(folder, institution, now=now)
        return (seal.apply(content), seal.facts.record) if seal else (content, None)
    except SealUnusable as problem:
        _log.error(_UNUSABLE, institution, problem)
        return content, {"problem": str(problem)}


def state_of_seals(folder: Path | None, now: datetime) -> dict[str, SealFacts | str | None]:
    """By province: what the certificate says, why it cannot be used, or None where there is none; {} without folder."""
    if folder is None:
        return {}
    found: dict[str, SealFacts | str | None] = {}
    for member in load_edition().alliance.members:
        try:
            seal = read_seal(folder, member.key, now=now)
            found[member.key] = seal.facts if seal else None
        except SealUnusable as problem:
            found[member.key] = str(problem)
    return found


def warn_of_unusable_seals(folder: Path | None, now: datetime) -> None:
    """Say in the log, at start, which seals cannot be used."""
    for institution, state in state_of_seals(folder, now).items():
        if isinstance(state, str):
            _log.error(_UNUSABLE, institution, state)
