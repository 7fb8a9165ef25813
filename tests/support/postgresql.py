"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, gone when they end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_SECONDS = 30
# As a replica the session runs no triggers, so neither foreign keys nor the refusal to delete events stand in the way.
EMPTY = """
DO $$
DECLARE relation record;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '20s';
    FOR relation IN
        SELECT oid::regclass AS name, relkind FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
    LOOP
        IF relation.relkind = 'r' THEN
            EXECUTE format('DELETE FROM %s', relation.name);
        ELSE
            PERFORM setval(relation.name, 1, false);
        END IF;
    END LOOP;
END $$
"""


class NoServerHere(RuntimeError):
    """There are no server programs on this machine."""


def server_programs() -> Path:
    """The folder of initdb and postgres, the newest first. Raises NoServerHere."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    for folder in [*folders, *([Path(on_path).parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoServerHere("PostgreSQL is not installed (apt-get install postgresql)")


@dataclass
class Server:
    """A running server."""

    folder: Path

    def url(self, name: str) -> str:
        """The address of one of its databases, as SQLAlchemy wants it."""
        return f"postgresql://portal@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run a statement that no transaction can hold."""
        with psycopg.connect(host=str(self.folder), user="portal", dbname="postgres", autocommit=True) as db:
            db.execute(statement)

    def empty(self, name: str) -> None:
        """Delete every row of one of its databases, append-only tables included, and count from 1 again.

        Ten times as fast as a copy of a template for each test.
        """
        with psycopg.connect(host=str(self.folder), user="portal", dbname=name, autocommit=True) as db:
            db.execute(EMPTY)


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server with its durability switched off. Raises NoServerHere."""
    programs = server_programs()
    # PostgreSQL refuses to run as root, so root lends it the user that owns nothing.
    someone_else = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    try:
        if someone_else:
            shutil.chown(folder, "nobody", "nogroup")
        options = {**someone_else, "cwd": folder, "env": {"LC_ALL": "C.UTF-8", "TZ": "UTC"}}
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                folder / "data",
                "-U",
                "portal",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            **options,
        )
        settings = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
        command = [programs / "postgres", "-D", folder / "data", "-k", folder]
        command += [part for setting in settings for part in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        try:
            server = Server(folder)
            _wait_for(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((server.folder / "log").read_text("utf-8", "replace")) from None
            time.sleep(0.05)
