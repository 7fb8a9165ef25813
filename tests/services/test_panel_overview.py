"""专家组一览表: who stands on it, and that nothing of what anybody chose does."""

from datetime import timedelta

import pytest

from portal.models.database import Database
from portal.models.expert import ExpertUndertaking
from portal.models.panel import PanelMember
from portal.process.errors import NotFound
from portal.services.consultation.invitation import InvitationAnswer, answer_invitation
from portal.services.consultation.panel import recuse_member, replace_member
from portal.services.consultation.panel_overview import COLUMNS, panel_overview
from tests.factories.application import accepted
from tests.factories.panel import ACCEPTS, FIVE, confirmed, nominated, place_of
from tests.factories.voting import LATER, UNANIMOUS, vote_and_close, voting
from tests.factories.world import NOON, build_world

LABELS = [column.label for column in COLUMNS]


def cells(row: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(LABELS, row, strict=True))


def test_it_says_who_sits_from_where_and_with_which_declarations(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        number, paper = panel_overview(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        members = db.query(PanelMember).order_by(PanelMember.seat).all()
        assert number == consultation.number
        assert paper.number == "长三角会诊" + str(number)
        assert dict(paper.facts) == {
            "产品名称": consultation.product.product_name,
            "型号": consultation.product.model,
            "牵头单位": consultation.lead_institution.name,
            "申请单位": consultation.applicant_institution.name,
            "专家组人数": "5人",
            "制表日期": paper.chinese_day,
        }
        for row, member in zip(paper.tables[0].rows, members, strict=True):
            assert cells(row) == {
                "序号": str(member.seat),
                "姓名": member.name,
                "召回技术机构": cells(row)["召回技术机构"],
                "专业领域": member.field,
                "工作单位": member.employer,
                "职务/职称": member.title,
                "入组方式": "专家库选取",
                "利益冲突声明": "无利益冲突",
                "承诺书签署日": paper.chinese_day,
                "本次会诊中": "专家组成员",
            }
            assert member.institution.name in cells(row)["召回技术机构"]
            assert member.institution.short_name in cells(row)["召回技术机构"]
        assert paper.notes == ()


def test_who_has_not_answered_has_declared_nothing(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world)
        first, second, third = (world.experts[key][number] for key, number in FIVE[:3])
        old = db.query(ExpertUndertaking).filter_by(expert_id=third.expert_id).one()
        old.signed_on, old.expires_on = NOON.date() - timedelta(days=365), NOON.date()
        answer_invitation(db, actor=first, consultation_id=consultation.id, answer=ACCEPTS, now=NOON)
        no = InvitationAnswer(accepts=False, reason="出差")
        answer_invitation(db, actor=second, consultation_id=consultation.id, answer=no, now=NOON)
        _, paper = panel_overview(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        rows = {cells(row)["姓名"]: cells(row) for row in paper.tables[0].rows}
        assert second.name not in rows  # never took a place
        assert len(rows) == 4
        waiting = rows.pop(first.name)
        assert (waiting["序号"], waiting["本次会诊中"]) == ("—", "已接受，待确认")
        assert {(row["本次会诊中"], row["利益冲突声明"]) for row in rows.values()} == {("待答复", "尚未声明")}
        lapsed = {name for name, row in rows.items() if row["承诺书签署日"] == "未签署"}
        assert lapsed == {third.name}


def test_a_replacement_says_whose_place_it_took_and_who_left_stays_on_it(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        left, instead = world.experts["anhui"][:2]
        place = place_of(db, consultation, left).id
        about = {"actor": world.lead, "consultation_id": consultation.id, "member_id": place, "now": NOON}
        recuse_member(db, reason="曾任顾问", **about)
        replace_member(db, reason="回避", expert_id=instead.expert_id, **about)
        answer_invitation(db, actor=instead, consultation_id=consultation.id, answer=ACCEPTS, now=NOON)
        _, paper = panel_overview(db, actor=world.staff["shanghai"], consultation_id=consultation.id, now=NOON)
        rows = {cells(row)["姓名"]: cells(row) for row in paper.tables[0].rows}
        assert rows[instead.name]["入组方式"] == f"接替{left.name}（回避）"
        assert rows[left.name]["本次会诊中"] == "已回避"
        assert list(rows)[-1] == left.name
        assert "曾任顾问" not in str(paper)
        assert dict(paper.facts)["专家组人数"] == "5人"


def test_the_reason_of_an_even_panel_stands_below_it(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world, experts=FIVE[:4], even_reason="第五位专家临时住院")
        _, paper = panel_overview(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        assert paper.notes == ("注：专家组人数为双数的理由：第五位专家临时住院",)


def test_no_choice_is_on_it(database: Database) -> None:
    """It is word by word what it was before anybody voted."""
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        about = {"actor": world.lead, "consultation_id": consultation.id, "now": LATER}
        before = panel_overview(db, **about)
        vote_and_close(db, world, consultation, UNANIMOUS)
        assert panel_overview(db, **about) == before


def test_there_is_none_before_anybody_was_chosen_and_none_for_strangers(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        with pytest.raises(NotFound):
            panel_overview(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        confirmed(db, world, consultation=consultation)
        for stranger in (world.experts["anhui"][0], world.administrator, world.auditor):
            with pytest.raises(NotFound):
                panel_overview(db, actor=stranger, consultation_id=consultation.id, now=NOON)
