"""校验码: the first 80 bits of a SHA-256 in Crockford's Base32, short enough to be typed from paper.

Crockford's alphabet has no I, L, O and U; what a reader types for them is understood. 80 bits cannot be guessed, and
two documents of one portal never share them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 16
_BITS_A_CHARACTER = 5
_HEX_DIGITS = 20
_MISREAD = str.maketrans("OIL", "011")
_IN_TEXT = re.compile(rf"(?<![0-9A-Z])[{ALPHABET}]{{4}}(?:-[{ALPHABET}]{{4}}){{3}}(?![0-9A-Z])")


def code_of(digest: str) -> str:
    """The code of a SHA-256 in hexadecimal digits: XXXX-XXXX-XXXX-XXXX; "" for no digest."""
    if not digest:
        return ""
    number = int(digest[:_HEX_DIGITS], 16)
    places = range(_BITS_A_CHARACTER * (_CHARACTERS - 1), -1, -_BITS_A_CHARACTER)
    letters = "".join(ALPHABET[(number >> place) & (len(ALPHABET) - 1)] for place in places)
    return "-".join(letters[begin : begin + 4] for begin in range(0, _CHARACTERS, 4))


def beginning_of(typed: str) -> str:
    """The 20 hexadecimal digits with which the digest of a typed code begins; "" when it is no code.

    Capital or small, full-width or not, with hyphens, blanks or nothing between; O is read as 0, I and L as 1.
    """
    plain = unicodedata.normalize("NFKC", typed).upper().translate(_MISREAD)
    letters = re.sub(r"[\s\-‐‑–—_.]", "", plain)
    if len(letters) != _CHARACTERS or any(letter not in ALPHABET for letter in letters):
        return ""
    number = 0
    for letter in letters:
        number = number << _BITS_A_CHARACTER | ALPHABET.index(letter)
    return f"{number:0{_HEX_DIGITS}x}"


def codes_in(text: str) -> Iterator[str]:
    """Whatever looks like a printed code in a text, each once, in order."""
    yield from dict.fromkeys(_IN_TEXT.findall(text))
