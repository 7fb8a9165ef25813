"""Canonical JSON (RFC 8785) and its SHA-256: the exact text that a signature fixes."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """Return the canonical text of a JSON value.

    Keys are sorted, nothing is spaced. The portal signs texts, booleans, null and whole numbers only: numbers with
    a fraction, and keys that are no ASCII text, would need more of the RFC and are refused with ValueError.
    """
    _refuse_what_is_not_plain(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of_text(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_what_is_not_plain(value: Any) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{key!r} is no key of the canonical form")
            _refuse_what_is_not_plain(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _refuse_what_is_not_plain(member)
    elif value is not None and not isinstance(value, (str, bool, int)):
        raise ValueError(f"{type(value).__name__} has no canonical form here")
