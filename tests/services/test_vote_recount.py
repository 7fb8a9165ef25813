"""Votes counted again from the package alone; whatever was changed in it is named."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli.main import main
from portal.models.database import Database
from portal.storage.bag import ALGORITHMS
from portal.storage.local import Storage
from tests.factories.archive import package_rows, packaged, path_of, stored

Edit = Callable[[str], str]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return stored(tmp_path / "files")


@pytest.fixture
def folder(sqlite_database: Database, storage: Storage, tmp_path: Path) -> Path:
    """The applicant's package, unpacked."""
    packaged(sqlite_database, storage)
    with zipfile.ZipFile(path_of(storage, package_rows(sqlite_database, "sheets")[0].sha256)) as archive:
        archive.extractall(tmp_path / "unpacked")
    (top,) = (tmp_path / "unpacked").iterdir()
    return top


def recount(path: Path) -> Result:
    # No setting, no database: the package is all there is.
    return CliRunner().invoke(main, ["vote", "recount", str(path)], env={"PORTAL_DATABASE_URL": "nowhere"})


def sheets_of(folder: Path) -> list[Path]:
    return sorted((folder / "data/sheets").glob("*.json"))


def edit(path: Path, change: Edit) -> None:
    path.chmod(0o600)
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def forge_manifests(folder: Path) -> None:
    """Make the bag whole again, as somebody would who knows BagIt."""
    for kind in ("manifest", "tagmanifest"):
        for algorithm in ALGORITHMS:
            manifest = folder / f"{kind}-{algorithm}.txt"
            paths = [line.split("  ", 1)[1] for line in manifest.read_text("utf-8").splitlines()]
            sums = [(hashlib.new(algorithm, (folder / path).read_bytes()).hexdigest(), path) for path in paths]
            edit(manifest, lambda _text, sums=sums: "".join(f"{digest}  {path}\n" for digest, path in sums))


def test_zipped_and_unpacked_it_counts_as_recorded(folder: Path, storage: Storage, sqlite_database: Database) -> None:
    zipped = path_of(storage, package_rows(sqlite_database, "sheets")[0].sha256)
    for path in (zipped, folder):
        result = recount(path)
        assert result.exit_code == 0, result.output
        assert "会诊表 5 份" in result.output
        assert "第1轮　专家组 5 人，已签署 5 份" in result.output
        assert "重新计票 4\t记录 4" in result.output
        assert "重新计票与记录一致。" in result.output


def test_a_flipped_answer_is_named_and_changes_the_count(folder: Path) -> None:
    sheet = sheets_of(folder)[0]
    flip = '"defect_finding":"yes"', '"defect_finding":"no"'
    edit(sheet, lambda said: said.replace(*flip))
    result = recount(folder)
    assert result.exit_code == 1
    assert f"sheets/{sheet.name}：SHA-256 与清单、本轮会诊表的校验值、签署时的审计记录不符" in result.output
    assert f"data/sheets/{sheet.name}：SHA512 与清单不符" in result.output
    assert "“缺陷消费品判定”的计票与会诊表不符" in result.output


def test_a_forger_who_mends_every_list_still_meets_the_audit_trail(folder: Path) -> None:
    sheet = sheets_of(folder)[0]
    before = hashlib.sha256(sheet.read_bytes()).hexdigest()
    edit(sheet, lambda said: said.replace('"defect_finding":"yes"', '"defect_finding":"no"'))
    after = hashlib.sha256(sheet.read_bytes()).hexdigest()
    edit(folder / "data/package.json", lambda said: said.replace(before, after))
    forge_manifests(folder)
    result = recount(folder)
    assert result.exit_code == 1
    assert "SHA-256 与签署时的审计记录不符" in result.output
    assert "与清单不符" not in result.output
    edit(folder / "data/audit/events.json", lambda said: said.replace(before, after))
    forge_manifests(folder)
    result = recount(folder)
    assert result.exit_code == 1
    assert "号：哈希与内容不符" in result.output


def test_another_tally_is_named(folder: Path) -> None:
    def more_votes(said: str) -> str:
        described = json.loads(said)
        described["rounds"][0]["tally"]["questions"]["continued_monitoring"]["counts"]["yes"] = 3
        described["rounds"][0]["tally"]["signed"] = 6
        return json.dumps(described)

    edit(folder / "data/package.json", more_votes)
    forge_manifests(folder)
    result = recount(folder)
    assert result.exit_code == 1
    assert "第1轮：已签署份数记录为 6，重新计算为 5" in result.output
    assert "“持续关注”的计票与会诊表不符" in result.output
    assert "“缺陷消费品判定”的计票" not in result.output


def test_a_sheet_that_was_taken_out_is_named(folder: Path) -> None:
    sheets_of(folder)[0].unlink()
    result = recount(folder)
    assert result.exit_code == 1
    assert "文件缺失" in result.output


def test_what_is_no_package_of_sheets_cannot_be_read(
    folder: Path, storage: Storage, sqlite_database: Database, tmp_path: Path
) -> None:
    minutes = recount(path_of(storage, package_rows(sqlite_database, "minutes")[0].sha256))
    assert (minutes.exit_code, "请用申请单位保存的归档包" in minutes.output) == (2, True)
    text = tmp_path / "text.zip"
    text.write_text("no zip")
    edit(folder / "data/package.json", lambda _said: '{"edition": 3}')
    for path in (text, tmp_path / "nowhere", tmp_path, folder):
        assert recount(path).exit_code == 2, path
