"""The six indicators of Art. 21, worked out by hand."""

from datetime import date
from decimal import Decimal

from portal.rules.recall.editions import load_recall_edition
from portal.rules.recall.indicators import POINTS, CaseFacts, is_about_quantity, load_indicators, shares

DAY = date(2026, 3, 2)
NAMED = ("consumer_report", "complaint", "customs", "petition")


def case(*events: str, channel: str = "complaint", **facts: object) -> CaseFacts:
    return CaseFacts("320100", channel, "儿童用品", DAY, events, **facts)  # type: ignore[arg-type]


def test_each_point_of_the_article_has_its_definition() -> None:
    edition = load_recall_edition("jiangsu-2025")
    assert (
        tuple(load_indicators(edition.name))
        == POINTS
        == tuple(one.name for one in edition.choices["assessment_points"])
    )
    assert all(one.definition and one.numerator and one.denominator for one in load_indicators(edition.name).values())


def test_nothing_there_is_nothing_measured() -> None:
    assert {name: share.rate for name, share in shares([], NAMED).items()} == dict.fromkeys(POINTS)


def test_the_shares_of_five_cases() -> None:
    cases = [
        case("recall_notice_issued", is_possibly_defective=True, affected=1000, recalled=750, in_time=5, owed=5),
        case("defect_admitted", is_possibly_defective=True, affected=1000, recalled=1200, is_corrected=True),
        case("recall_notice_issued", "objection_upheld", is_possibly_defective=True, in_time=1, owed=3),
        case("producer_report_accepted", channel="customs", is_possibly_defective=True),
        case(channel="other"),
    ]
    found = {name: (share.numerator, share.denominator) for name, share in shares(cases, NAMED).items()}
    assert found == {
        "clue_channels": (2, 4),  # 投诉举报 and 海关; 其他 is none of the article's
        "clue_review": (2, 4),  # an upheld objection takes the finding back
        "investigation": (1, 2),
        "quantities": (1, 2),
        "implementation": (1750, 2000),  # more than all is all
        "reporting": (6, 8),
    }
    assert shares(cases, NAMED)["implementation"].rate == Decimal("87.5")


def test_only_batches_and_quantities_count_as_corrections() -> None:
    assert is_about_quantity({"batches": {"is_met": False}, "measures": {"is_met": True}})
    assert not is_about_quantity(
        {"batches": {"is_met": True}, "quantities": {"is_met": True}, "content": {"is_met": False}}
    )
