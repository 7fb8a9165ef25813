"""Personal data sealed in the database: encrypted with keys that are not in it, and bound to whom it belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from portal.field_keys import FieldKeys
from portal.process.errors import FieldsUnreadable

_OWNER = "_owner"


def seal(values: Mapping[str, str], *, owner: str, keys: FieldKeys) -> str:
    """The values as one sealed text. `owner` ("expert:7") is sealed in, so that no other row can carry it."""
    said = json.dumps({**values, _OWNER: owner}, ensure_ascii=False, sort_keys=True)
    return _fernet(keys).encrypt(said.encode()).decode("ascii")


def unseal(sealed: str, *, owner: str, keys: FieldKeys) -> dict[str, str]:
    """What was sealed for `owner`. FieldsUnreadable with a wrong key, a changed text, or somebody else's."""
    try:
        values: dict[str, str] = json.loads(_fernet(keys).decrypt(sealed.encode("ascii")))
    except (InvalidToken, UnicodeEncodeError) as error:
        raise FieldsUnreadable from error
    if values.pop(_OWNER) != owner:
        raise FieldsUnreadable
    return values


def seal_anew(sealed: str, *, keys: FieldKeys) -> str:
    """The same values under the first of the keys. FieldsUnreadable where none of them opens it."""
    try:
        return _fernet(keys).rotate(sealed.encode("ascii")).decode("ascii")
    except (InvalidToken, UnicodeEncodeError) as error:
        raise FieldsUnreadable from error


def _fernet(keys: FieldKeys) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys.current()])
