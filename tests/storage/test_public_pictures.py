"""The public copy of a photograph: upright, not too large, and without what the camera wrote beside it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo

from portal.storage import public_pictures
from portal.storage.local import FileDamaged, FileMissing, Storage
from portal.storage.public_pictures import LONGEST_SIDE, PictureUnreadable, public_picture
from tests.factories.material import drawn

PLACE = b"Kangqiao Road"
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
HARMLESS = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background", "duration", "timestamp"}


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


def kept(storage: Storage, content: bytes) -> str:
    return storage.put(io.BytesIO(content), limit_bytes=len(content)).key


def notes(orientation: int = 6) -> Image.Exif:
    """What a telephone writes: how it was held, where, and of which make."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = PLACE.decode()
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (31.0, 13.0, 40.0)
    return exif


@pytest.mark.parametrize(("kind", "content_type"), FORMATS.items())
def test_it_is_upright_and_says_nothing_of_place_or_camera(storage: Storage, kind: str, content_type: str) -> None:
    texts = PngInfo()
    texts.add_text("Comment", PLACE.decode())
    beside = {"pnginfo": texts} if kind == "PNG" else {"comment": PLACE, "xmp": PLACE}
    content = drawn(kind, (60, 40), exif=notes(), **beside)
    assert PLACE in content
    key = kept(storage, content)
    copy = public_picture(storage, key, content_type)
    assert PLACE not in copy.read_bytes()
    with Image.open(copy) as image:
        assert (image.format, image.size, dict(image.getexif())) == (kind, (40, 60), {})
        assert set(image.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "loop",
            "background",
            "duration",
            "timestamp",
        }
    storage.verify(key)  # the original stays as it was


def test_it_is_as_large_as_a_page_needs_and_its_colours_keep_their_profile(storage: Storage) -> None:
    key = kept(storage, drawn("JPEG", (3 * LONGEST_SIDE, LONGEST_SIDE), icc_profile=b"colours"))
    with Image.open(public_picture(storage, key, "image/jpeg")) as image:
        assert image.size == (LONGEST_SIDE, round(LONGEST_SIDE / 3))
        assert image.info["icc_profile"] == b"colours"


def test_it_is_made_once(storage: Storage) -> None:
    key = kept(storage, drawn())
    made = public_picture(storage, key, "image/png")
    before = made.stat().st_mtime_ns
    assert public_picture(storage, key, "image/png") == made
    assert made.stat().st_mtime_ns == before
    assert list(made.parent.parent.rglob(".new-*")) == []


def test_what_is_no_photograph_of_its_type_is_refused(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drawn("JPEG", (300, 200))
    for content in (b"<svg onload=alert(1)>", whole[: len(whole) // 2], drawn("PNG")):
        with pytest.raises(PictureUnreadable):
            public_picture(storage, kept(storage, content), "image/jpeg")
    monkeypatch.setattr(public_pictures, "MOST_PIXELS", 300 * 200 - 1)
    with pytest.raises(PictureUnreadable):
        public_picture(storage, kept(storage, whole), "image/jpeg")


def test_no_copy_is_made_of_what_is_lost_or_damaged(storage: Storage) -> None:
    with pytest.raises(FileMissing):
        public_picture(storage, "0" * 64, "image/png")
    key = kept(storage, drawn())
    place = storage.root / key[:2] / key
    place.chmod(0o600)
    place.write_bytes(drawn(colour="navy"))
    with pytest.raises(FileDamaged):
        public_picture(storage, key, "image/png")
