"""Writes base.txt and dev.txt anew: exact versions with hashes, and no address of any index.

Needs the command `uv`; `python3 -m pip install uv` brings it.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMPILE = [
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
]


def compile_to(output: str, *sources: str) -> None:
    """Resolve the sources and write the file; stops with uv's own message when that fails."""
    subprocess.run([*COMPILE, "-o", f"requirements/{output}", *sources], cwd=HERE.parent, check=True)


if __name__ == "__main__":
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv else []
    compile_to("base.txt", "pyproject.toml", "requirements/build.in", *upgrade)
    compile_to("dev.txt", "--group", "pyproject.toml:dev", "-c", "requirements/base.txt", *upgrade)
