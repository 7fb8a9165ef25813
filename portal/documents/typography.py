"""What an operator may choose about the look of official documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Typography:
    """The folder with the operator's own typefaces (None: the open ones alone), and whether the heading is red."""

    fonts_folder: Path | None = None
    has_red_heading: bool = True


OPEN_FONTS = Typography()
