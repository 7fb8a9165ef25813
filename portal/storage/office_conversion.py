"""Word, Excel and PowerPoint as PDF, by LibreOffice where the machine has it: to be looked at, never as the record."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

CONVERTED = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
}
"""Media types that are converted, and the ending that tells LibreOffice what it gets."""
SECONDS = 120
CPU_SECONDS = 90
LARGEST_OUTPUT_BYTES = 256 * 1024 * 1024
# A file from outside loads nothing from elsewhere, runs nothing and asks nothing.
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
</oor:items>
"""  # noqa: E501


class CannotConvert(Exception):
    """No PDF came of it; the message says why, for the administrator."""


@cache
def converter() -> str | None:
    """The program, or None where LibreOffice is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def as_pdf(source: BinaryIO, content_type: str, folder: Path) -> Path:
    """Convert what the stream holds into a PDF in `folder`, an empty folder of the caller's; return its path.

    The program gets a profile and a home of its own, an address space without our secrets in its environment, and
    limits: SECONDS of time, CPU_SECONDS of computing, LARGEST_OUTPUT_BYTES of output. CannotConvert otherwise.
    """
    program = converter()
    if program is None:
        raise CannotConvert("LibreOffice is not installed")
    original = folder / f"material.{CONVERTED[content_type]}"
    with original.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_PROFILE, "utf-8")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [
                *(program, "--headless", "--norestore", "--nolockcheck", "--nodefault"),
                f"-env:UserInstallation={profile.parent.as_uri()}",
                *("--convert-to", "pdf", "--outdir", str(folder), str(original)),
            ],
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_limit,
        )
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise CannotConvert(f"LibreOffice took longer than {SECONDS} s") from None
        finally:
            _end(process)
        made = original.with_suffix(".pdf")
        if process.returncode != 0 or not made.is_file() or not made.stat().st_size:
            said.seek(0)
            words = said.read(400).decode("utf-8", "replace").strip()
            raise CannotConvert(words or f"LibreOffice ended with status {process.returncode}")
    return made


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_OUTPUT_BYTES, LARGEST_OUTPUT_BYTES))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Also the processes that it began: the program is a script that starts another."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
