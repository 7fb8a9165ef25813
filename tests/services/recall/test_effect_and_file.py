"""The effect of a recall, the file with its gaps, and the packages, through the services."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from portal.documents.typography import Typography
from portal.models.database import Database
from portal.process.errors import Invalid, NotFound
from portal.rules.dates import beijing_day
from portal.services.official_making import Making
from portal.services.recall import filing
from portal.services.recall.case_documents import documents_of
from portal.services.recall.case_package import case_package, write_case_package
from portal.services.recall.effect import effect_view
from portal.storage.local import Storage
from tests.factories.recall_story import SUZHOU, Story, build_recall_world


def test_the_curve_is_made_of_the_summaries(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db))
        story.to_plan_review()
        assert effect_view(db, story.case, documents_of(db, story.case_id), story.now) is None
        story.accept()
        story.publish()
        begun = effect_view(db, story.case, documents_of(db, story.case_id), story.now)
        assert begun is not None
        assert begun.effect.rate == 0
        story.interim(3000, online_shop=2000)
        view = effect_view(db, story.case, documents_of(db, story.case_id), story.now)
        assert view is not None
        assert view.effect.affected == 12000
        assert view.effect.rate == 25
        assert view.effect.channels == {"online_shop": 2000, "": 1000}
        assert any("低于计划" in words for words in view.flags)  # the summary itself expects 60 %


def test_late_summaries_and_a_day_that_is_over_are_flagged(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db)).to_implementing()
        after = story.now + timedelta(days=400)
        view = effect_view(db, story.case, documents_of(db, story.case_id), after)
        assert view is not None
        assert {"阶段性总结逾期未交。", "已超过计划完成时间，生产者还没有报告召回完成。"} <= set(view.flags)


def test_what_is_missing_stays_on_the_list_until_it_is_there_or_explained(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db)).to_filing()
        city, now = story.made.city, story.now + timedelta(days=1)
        page = filing.view_case_file(db, actor=city, case_id=story.case_id, now=now)
        assert [item.is_there for item in page.contents] == [True] * 5
        assert "完整电子案卷上传至江苏省消费品召回管理业务系统" in page.gaps.values()
        first = page.uploads[0]
        filing.record_upload(
            db, actor=city, case_id=story.case_id, system=first.system, item=first.item,
            uploaded_on=beijing_day(now), now=now,
        )  # fmt: skip
        left = filing.view_case_file(db, actor=city, case_id=story.case_id, now=now).gaps
        assert len(left) == len(page.gaps) - 1
        explained = dict.fromkeys(left, "系统维护") | {next(iter(left)): " "}
        with pytest.raises(Invalid, match="请补齐或者说明原因（工作流程第十八条）"):
            filing.complete_file(db, actor=city, case_id=story.case_id, explained=explained, now=now)
        with pytest.raises(Invalid, match="请选择需要上传的材料"):
            filing.record_upload(
                db, actor=city, case_id=story.case_id, system="national", item="document:999999",
                uploaded_on=beijing_day(now), now=now,
            )  # fmt: skip


def test_a_package_holds_annexes_fields_files_and_the_trail(sqlite_database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path / "files")
    kept = storage.put(io.BytesIO(b"a report"), limit_bytes=100)
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db)).to_filing()
        for file in story.case_files():
            file.sha256, file.size = kept.sha256, kept.size
        made, case_id, now = story.made, story.case_id, story.now
    with sqlite_database.read() as db, pytest.raises(NotFound):
        case_package(db, actor=made.officers[SUZHOU], case_id=case_id, system="national", now=now)
    names = {}
    for system in ("national", "provincial"):
        with sqlite_database.read() as db:
            package = case_package(db, actor=made.city, case_id=case_id, system=system, now=now)
        target = io.BytesIO()
        making = Making(Typography(None, has_red_heading=False), "https://portal.example.cn/verify", None)
        write_case_package(
            package, target, database=sqlite_database, storage=storage, making=making, actor=made.city, now=now
        )
        with zipfile.ZipFile(target) as bag:
            assert bag.testzip() is None
            names[system] = [name.partition("/data/")[2] for name in bag.namelist() if "/data/" in name]
            tables = [name for name in bag.namelist() if name.endswith(".xlsx")]
            (plan,) = [name for name in tables if "消费品召回计划" in name]
            cells = [cell.value for row in load_workbook(io.BytesIO(bag.read(plan))).active for cell in row]
            assert {"召回负责机构", "南京贝护儿童用品有限公司质量部"} <= set(cells)
            if system == "provincial":
                (trail,) = [name for name in bag.namelist() if name.endswith("办理过程.json")]
                assert json.loads(bag.read(trail))[0]["label"] == "登记缺陷线索"
    assert sum(name.endswith(".pdf") and "_第" in name for name in names["national"]) == 3  # annexes 6, 8 and 9
    assert not any("送达回执" in name for name in names["national"])
    assert any("送达回执" in name and name.endswith(".pdf") for name in names["provincial"])
    assert any(name.startswith("附件/") for name in names["provincial"])
