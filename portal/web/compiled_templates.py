"""Compiled templates, kept on the disk: the second start, and every other process, need not compile them again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

FOLDER = "compiled-templates"


class _CompiledTemplates(FileSystemBytecodeCache):
    """Jinja's own, which compares each source's checksum; but a disk that is full or read-only fails no page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def keep_compiled_templates(app: Flask, instance: Path) -> None:
    """Use the folder in the instance, for this account of the system alone; without it templates are compiled anew."""
    folder = instance / FOLDER
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        app.jinja_env.bytecode_cache = _CompiledTemplates(str(folder))
