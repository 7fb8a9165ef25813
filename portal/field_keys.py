"""The keys that personal data in the database are encrypted with: from a setting, or a file of the instance folder.

The first key seals, every key opens: so a new key can be put in front while the older ones still open what they sealed.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from portal.durable import new_file, settle

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class FieldKeys:
    """Where the keys are: `given` by the setting, or else lines of `file`, the newest first."""

    file: Path
    given: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_given(self) -> bool:
        """Whether the setting holds them, so that only the operator can change them."""
        return bool(self.given)

    def current(self) -> tuple[str, ...]:
        """The keys as they are now, the sealing one first; the file is read each time, so that a rotation is seen."""
        return self.given or tuple(line.strip() for line in self.file.read_text("ascii").split() if line.strip())

    def first(self) -> FieldKeys:
        """The sealing key alone."""
        return FieldKeys(self.file, self.current()[:1])

    def prepend(self, key: str) -> None:
        """Put a new key in front of the file's. ValueError where the setting holds them."""
        self._write((key, *self.current()))

    def keep_first(self) -> None:
        """Remove every key of the file but the sealing one. ValueError where the setting holds them."""
        self._write(self.current()[:1])

    def _write(self, keys: tuple[str, ...]) -> None:
        if self.is_given:
            raise ValueError("the keys are given by a setting")
        with new_file(self.file.parent) as (file, path):
            file.write("".join(f"{key}\n" for key in keys).encode("ascii"))
            settle(file, path, self.file)


def new_key() -> str:
    """A key: 32 random bytes in URL-safe Base64, as Fernet takes them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def is_key(text: str) -> bool:
    """Whether text is a key of that form."""
    try:
        return len(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
