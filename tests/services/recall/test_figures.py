"""The figures of an area: read from cases that were acted, and nobody's beyond the own area."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from portal.models.database import Database
from portal.process.errors import NotFound
from portal.services.recall.figures import figures, figures_xlsx
from tests.factories.recall_story import SHANGHAI, SUZHOU, Story, build_recall_world, clue_of


def test_the_province_sees_its_cities_and_a_city_itself(database: Database) -> None:
    with database.write() as db:
        story = Story(db, build_recall_world(db)).to_implementing()
        story.interim(3000, online_shop=2000)
        clue_of(db, story.made, by=SUZHOU, producer_area=SUZHOU, product_class="家用电器", channel="complaint")
        clue_of(db, story.made, by=SHANGHAI, producer_area="310000")
        province = figures(db, actor=story.made.province, year=2026, now=story.now)
        assert (province.area_name, province.total.clues, len(province.cities)) == ("江苏省", 2, 13)
        nanjing, suzhou = (next(one for one in province.cities if one.name == name) for name in ("南京市", "苏州市"))
        assert (nanjing.clues, nanjing.recalls, suzhou.clues, suzhou.recalls) == (1, 1, 1, 0)
        implementation = nanjing.shares["implementation"]
        assert (implementation.numerator, implementation.denominator) == (3000, 12000)
        assert dict(province.channels)["投诉举报"] == 1
        assert dict(province.classes) == {"儿童用品": 1, "家用电器": 1}
        assert province.months[2] == 2
        assert province.total.shares["clue_review"].rate == 100
        assert {one.label for one in province.in_time} >= {"核实缺陷线索", "通知生产者开展调查分析"}
        assert dict(province.step_days)["缺陷调查"] is not None
        city = figures(db, actor=story.made.officers[SUZHOU], year=2026, now=story.now)
        assert [one.name for one in city.cities] == ["苏州市"]
        assert city.total.clues == 1
        municipality = figures(db, actor=story.made.officers[SHANGHAI], year=2026, now=story.now)
        assert municipality.total.clues == 1
        book = load_workbook(io.BytesIO(figures_xlsx(province, now=story.now))).active
        cells = [cell.value for row in book for cell in row]
        assert {"南京市", "合计", "召回实施是否有效（%）", 25} <= set(cells)
        with pytest.raises(NotFound):
            figures(db, actor=story.made.technical, year=2026, now=story.now)
