"""Stored files: content-addressed, whole or absent, and their damage is found."""

import hashlib
import io

import pytest

from portal.storage.local import FileDamaged, FileMissing, FileTooLarge, Storage

CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 9000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 10 * 1024 * 1024


@pytest.fixture
def storage(tmp_path):
    return Storage(tmp_path / "files")


def files_below(storage):
    return [path for path in storage.root.rglob("*") if path.is_file()]


def test_what_is_put_can_be_opened(storage):
    stored = storage.put(io.BytesIO(CONTENT), limit_bytes=LIMIT)
    assert (stored.sha256, stored.size, stored.key) == (DIGEST, len(CONTENT), DIGEST)
    with storage.open(stored.key) as file:
        assert file.read() == CONTENT
    storage.verify(stored.key)


def test_equal_files_are_kept_once(storage):
    first = storage.put(io.BytesIO(CONTENT), limit_bytes=LIMIT)
    assert storage.put(io.BytesIO(CONTENT), limit_bytes=LIMIT) == first
    assert len(files_below(storage)) == 1


def test_the_limit_is_exact_and_nothing_stays_behind(storage):
    storage.put(io.BytesIO(CONTENT), limit_bytes=len(CONTENT))
    with pytest.raises(FileTooLarge) as refusal:
        storage.put(io.BytesIO(CONTENT + b"."), limit_bytes=len(CONTENT))
    assert refusal.value.limit_bytes == len(CONTENT)
    assert [path.name for path in files_below(storage)] == [DIGEST]


def test_a_stream_that_breaks_off_leaves_nothing(storage):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError("connection lost")
            return super().read(10)

    with pytest.raises(OSError, match="connection lost"):
        storage.put(Broken(CONTENT), limit_bytes=LIMIT)
    assert files_below(storage) == []


def test_damage_is_found_and_mended_by_the_same_file(storage):
    key = storage.put(io.BytesIO(CONTENT), limit_bytes=LIMIT).key
    (path,) = files_below(storage)
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(FileDamaged) as damage:
        storage.verify(key)
    assert damage.value.key == key
    storage.put(io.BytesIO(CONTENT), limit_bytes=LIMIT)
    storage.verify(key)


@pytest.mark.parametrize("key", ["0" * 64, "../../etc/passwd", "", DIGEST.upper(), f"{DIGEST}/"])
def test_what_is_not_there_and_what_is_no_key(storage, key):
    with pytest.raises(FileMissing):
        storage.open(key)
    with pytest.raises(FileMissing):
        storage.verify(key)
