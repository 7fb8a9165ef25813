"""Photographs in an annex: how large they are printed, and how the typesetter is given them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO

_HIGHEST_MM = 52.0
_WIDEST_MM = 96.0
_REMEMBERED = 16
_ORIENTATION = 0x0112  # the EXIF tag; 1 is upright
_MOST_PIXELS = 80_000_000  # some 240 MB once unpacked
_ENOUGH_PIXELS = 2400  # a side, in print at its widest more than 600 dpi
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph: its file as it was uploaded, image/jpeg or image/png, and what it shows."""

    content: bytes
    content_type: str
    caption: str = ""


def readable_pictures(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    """Return those that can be printed, upright."""
    return tuple(_upright(picture) for picture in pictures if _is_readable(picture))


def unreadable_words(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Return what is printed instead of those that cannot: one bad file must not stop a document."""
    bad = (picture for picture in pictures if not _is_readable(picture))
    return tuple(f"（照片{f'“{one.caption}”' if one.caption else ''}不能在此显示，见上传的文件）" for one in bad)


def _is_readable(picture: Picture) -> bool:
    try:
        content_type, width, height = _header(picture.content)
    except Exception:  # noqa: BLE001  the library that reads headers raises it bare where a file is cut off
        return False
    return content_type == picture.content_type and width > 0 and height > 0


@lru_cache(maxsize=_REMEMBERED)
def _upright(picture: Picture) -> Picture:
    """The photograph with its pixels turned as its camera says (EXIF): neither Word nor the typesetter looks there.

    One that stands upright stays as it was uploaded, as does one that is too large to be turned, or is damaged.
    """
    from PIL import Image, ImageOps  # few processes ever make a document

    _, width, height = _header(picture.content)
    if width * height > _MOST_PIXELS:
        return picture
    try:
        with Image.open(BytesIO(picture.content)) as image:
            if image.getexif().get(_ORIENTATION, 1) == 1:
                return picture
            image.draft("RGB", (_ENOUGH_PIXELS, _ENOUGH_PIXELS))
            turned = BytesIO()
            profile = image.info.get("icc_profile")
            ImageOps.exif_transpose(image).save(turned, image.format, quality=_QUALITY, icc_profile=profile)
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for files that are cut off or wrong inside
        return picture
    return replace(picture, content=turned.getvalue())


def printed_size_mm(picture: Picture, within_mm: float) -> tuple[float, float]:
    """Width and height in print: as large as the place allows, in the picture's own proportions."""
    _, width, height = _header(picture.content)
    widest = min(within_mm, _WIDEST_MM, _HIGHEST_MM * width / height)
    return widest, widest * height / width


def picture_svg(picture: Picture) -> str:
    """The picture in a frame of SVG: text, as is all that the typesetter is given."""
    _, width, height = _header(picture.content)
    address = f"data:{picture.content_type};base64,{b64encode(picture.content).decode('ascii')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="{address}"/></svg>'
    )


@lru_cache(maxsize=_REMEMBERED)
def _header(content: bytes) -> tuple[str, int, int]:
    """What a picture's own header says it is, and its width and height in pixels."""
    from docx.image.image import Image  # few processes ever make a document

    image = Image.from_file(BytesIO(content))
    return image.content_type, image.px_width, image.px_height
