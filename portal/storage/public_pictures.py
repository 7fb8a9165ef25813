"""Photographs as the public gets them: upright, as large as a page needs, without what a camera wrote beside them.

The original stays as it was uploaded. Its public copy is made when it is first wanted and kept beside the files, under
the digest of the original: no record of its own, and made again where it is lost.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from portal import durable
from portal.storage.local import Storage, StorageError

if TYPE_CHECKING:
    from PIL.Image import Image

RECIPE = "1"
"""Stands in the place and in the ETag of a copy: with another number every copy is made anew."""
LONGEST_SIDE = 2000
"""Pixels; a smaller photograph keeps its size."""
MOST_PIXELS = 80_000_000
"""Of an original; some 240 MB once unpacked, as much as one request may take."""
QUALITY = 88
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
PICTURE_TYPES = tuple(_FORMATS)
"""Media types of photographs that a browser shows and that can hold no script."""
# What Pillow raises for files that are cut off or wrong inside.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error)


class PictureUnreadable(StorageError):
    """The file is there and whole, but it is no photograph that can be shown."""

    def __init__(self, key: str) -> None:
        super().__init__(f"照片不能显示：{key}")
        self.key = key


def public_picture(storage: Storage, sha256: str, content_type: str) -> Path:
    """Where the public copy of a stored photograph lies; made now unless it is there.

    `content_type` is one of PICTURE_TYPES. Raises FileMissing or FileDamaged for the original, PictureUnreadable where
    it is not what its type says, is cut off, or has more than MOST_PIXELS.
    """
    folder = storage.root / f"public-{RECIPE}"
    target = folder / sha256[:2] / sha256
    if target.is_file():
        return target
    # A copy is never looked at again, so it is made of a sound original alone.
    storage.verify(sha256)
    with storage.open(sha256) as original, durable.new_file(folder) as (file, path):
        if not _copy(original, file, _FORMATS[content_type]):
            raise PictureUnreadable(sha256)
        durable.settle(file, path, target)
    return target


def _copy(original: BinaryIO, target: BinaryIO, kind: str) -> bool:
    """Write the public copy, in the format of the original; False where it cannot be read."""
    from PIL import Image  # few processes ever make a copy

    try:
        with Image.open(original, formats=[kind]) as image:
            if image.width * image.height > MOST_PIXELS:
                return False
            made, profile = _plain(image)
            made.save(target, kind, quality=QUALITY, icc_profile=profile)
    except (*_BROKEN, Image.DecompressionBombError):
        return False
    return True


def _plain(image: Image) -> tuple[Image, bytes | None]:
    """The pixels alone, upright and not too large, and the colour profile that they need."""
    profile = image.info.get("icc_profile")
    if max(image.size) > LONGEST_SIDE:
        if image.mode in ("1", "P") or "transparency" in image.info:
            # Colours of a palette, and one colour that stands for none, cannot be mixed.
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image = _upright(image)
    if image.mode == "CMYK":
        # No browser can be relied on to show it, and a profile for printing does not fit what comes of it.
        image, profile = image.convert("RGB"), None
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    return image, profile


def _upright(image: Image) -> Image:
    """Turned as the camera says (EXIF); a photograph whose notes are broken stays as it is."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        return image
