"""Photographs in an annex: how large they are printed, and how the typesetter is given them."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from io import BytesIO

from portal.documents.annex_grid import Picture

_HIGHEST_MM = 52.0
_WIDEST_MM = 96.0
_REMEMBERED = 16


def printed_size_mm(picture: Picture, within_mm: float) -> tuple[float, float]:
    """Width and height in print: as large as the place allows, in the picture's own proportions."""
    width, height = _pixels(picture.content)
    widest = min(within_mm, _WIDEST_MM, _HIGHEST_MM * width / height)
    return widest, widest * height / width


def picture_svg(picture: Picture) -> str:
    """The picture in a frame of SVG: text, as is all that the typesetter is given."""
    width, height = _pixels(picture.content)
    address = f"data:{picture.content_type};base64,{b64encode(picture.content).decode('ascii')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="{address}"/></svg>'
    )


@lru_cache(maxsize=_REMEMBERED)
def _pixels(content: bytes) -> tuple[int, int]:
    from docx.image.image import Image  # few processes ever make a document

    image = Image.from_file(BytesIO(content))
    return image.px_width, image.px_height
