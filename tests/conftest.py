"""What all tests share: a clock, databases of both kinds with the schema of the migrations, a browser.

`database` runs a test twice, on SQLite and on PostgreSQL; `sqlite_database` once, where the kind of
database cannot matter. Both give a fresh, migrated, empty database.

What a fixture needs is imported inside it: tests of rules start without a database library or a browser.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.clock import Clock

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.models.database import Database
    from tests.support.postgresql import Server

POSTGRESQL_DATABASE = "portal_tests"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, in the order that chance gave it: at the end one process would wait for another."""
    items.sort(key=lambda item: not _takes_long(item))


def _takes_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("journey") is not None or item.path.parent.name == "security"


@pytest.fixture
def clock() -> Clock:
    """A Monday morning in Beijing, until the test moves it."""
    return Clock()


def migrate(url: str) -> None:
    """Give an empty database the schema, by the migrations."""
    from portal.migrations import upgrade

    with opened(url) as database:
        upgrade(database.engine)


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A server whose database `portal_tests` has the schema; skips where there is no server."""
    from tests.support.postgresql import NoServerHere, running_server

    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_server())
        except NoServerHere as reason:
            pytest.skip(f"NOT RUN ON POSTGRESQL: {reason}")
        server.execute(f"CREATE DATABASE {POSTGRESQL_DATABASE}")
        migrate(server.url(POSTGRESQL_DATABASE))
        yield server


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database handle that is closed at the end."""
    from portal.models.database import Database

    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def memory_folder() -> str | None:
    """The folder whose files lie in memory; None, for the usual one, where there is none with room enough."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 256 * 1024 * 1024 else None


@pytest.fixture(scope="session")
def sqlite_file() -> Iterator[Path]:
    """Where the database of each test lies, in memory's own folder if that can be: each commit waits for the disk."""
    with tempfile.TemporaryDirectory(prefix="portal-", dir=memory_folder()) as folder:
        yield Path(folder) / "portal.sqlite3"


@pytest.fixture
def sqlite_database(migrated_sqlite_file: Path, sqlite_file: Path) -> Iterator[Database]:
    """A fresh SQLite database. It lies where the one before lay, so that what SQLAlchemy has compiled is known."""
    from tests.support.databases import handle

    for left in sqlite_file.parent.glob(f"{sqlite_file.name}*"):
        left.unlink()
    shutil.copyfile(migrated_sqlite_file, sqlite_file)
    with handle(f"sqlite:///{sqlite_file}") as database:
        yield database


@pytest.fixture
def postgresql_database(postgresql_server: Server) -> Iterator[Database]:
    """A PostgreSQL database as empty as a fresh one; there is one at a time."""
    from tests.support.databases import handle

    postgresql_server.empty(POSTGRESQL_DATABASE)
    with handle(postgresql_server.url(POSTGRESQL_DATABASE)) as database:
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database, once of each kind."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; skips where there is none."""
    from tests.support.chromium import chromium_program, running_chromium

    program = chromium_program()
    if program is None:
        pytest.skip("NOT RUN IN A BROWSER: Chromium is not installed (apt-get install chromium)")
    with running_chromium(program) as browser:
        yield browser
