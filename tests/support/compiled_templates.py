"""One folder of compiled templates for all applications of a test process: each would compile the same ones."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from pathlib import Path

from portal.web.compiled_templates import FOLDER


@cache
def _shared() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="portal-templates-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def share_compiled_templates(instance: Path) -> None:
    """Let the application of this instance use the shared folder."""
    own = instance / FOLDER
    if not own.exists():
        own.symlink_to(_shared())
