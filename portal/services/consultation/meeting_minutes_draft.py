"""The draft of the minutes: composed out of what the portal knows, part by part (Art. 8(7))."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.institution import Institution
from portal.models.online_session import OnlineSession, SpeakingTurn
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.editions import Edition
from portal.rules.majority import Vote, tally
from portal.rules.sheet import departures
from portal.rules.sheet_record import from_record
from portal.rules.sheet_rules import QUESTIONS
from portal.services.consultation.preliminary_analysis import FIRST_VIEW
from portal.services.consultation.session_invitation import MODES

PARTS = ("opening", "product", "discussion", "expert_opinions", "conclusion", "follow_up")
PART_LABELS = {
    "opening": "会诊概况",
    "product": "产品及申请情况",
    "discussion": "会诊讨论情况",
    "expert_opinions": "专家意见",
    "conclusion": "会诊结论",
    "follow_up": "后续工作",
}
_SAID = {
    ("defect_finding", "yes"): "认定为缺陷消费品",
    ("defect_finding", "no"): "不认定为缺陷消费品",
    ("defect_finding", "uncertain"): "不确定是否为缺陷消费品",
    ("recommend_investigation", "yes"): "建议开展调查",
    ("recommend_investigation", "no"): "不建议开展调查",
    ("continued_monitoring", "yes"): "建议持续关注",
    ("continued_monitoring", "no"): "不建议持续关注",
}
_VIEW = {"yes": "是", "no": "否", "uncertain": "不确定"}


@dataclass(frozen=True)
class QuestionCount:
    """The count of one question in one round: label, votes by answer label, the answer that won (or none)."""

    label: str
    counts: dict[str, int]
    answer: str


@dataclass(frozen=True)
class RoundCount:
    """The counts of one closed round."""

    number: int
    closed_on: date
    panel: int
    signed: int
    questions: tuple[QuestionCount, ...]


@dataclass(frozen=True)
class Source:
    """All that the draft is composed of."""

    consultation: Consultation
    edition: Edition
    sessions: list[OnlineSession]
    members: list[PanelMember]
    rounds: list[VotingRound]
    institutions: dict[int, Institution]
    persons: dict[int, Person]
    applicant_office: str
    review_on: date | None


def read_source(db: Session, consultation: Consultation, edition: Edition, review_on: date | None) -> Source:
    """Read what the draft needs, in a bounded number of statements."""
    cid = consultation.id
    sessions = list(
        db.scalars(
            select(OnlineSession)
            .where(OnlineSession.consultation_id == cid, OnlineSession.opened_at.is_not(None))
            .options(joinedload(OnlineSession.turns).joinedload(SpeakingTurn.member))
            .order_by(OnlineSession.opened_at)
        ).unique()
    )
    members = list(
        db.scalars(
            select(PanelMember)
            .where(PanelMember.consultation_id == cid, PanelMember.seat.is_not(None))
            .order_by(PanelMember.seat)
        )
    )
    rounds = closed_rounds(db, cid)
    institutions = {one.id: one for one in db.scalars(select(Institution).where(Institution.kind == "technical"))}
    wanted = {one.host_id for one in sessions if one.host_id}
    wanted |= {participant.person_id for one in sessions for participant in one.participants}
    persons = {one.id: one for one in db.scalars(select(Person).where(Person.id.in_(wanted)))}
    office = institutions[consultation.applicant_institution_id].name
    return Source(consultation, edition, sessions, members, rounds, institutions, persons, office, review_on)


def closed_rounds(db: Session, consultation_id: int) -> list[VotingRound]:
    """The closed rounds with their sheets, first to last."""
    query = (
        select(VotingRound)
        .where(VotingRound.consultation_id == consultation_id, VotingRound.closed_at.is_not(None))
        .options(joinedload(VotingRound.sheets).joinedload(ConsultationSheet.member))
        .order_by(VotingRound.number)
    )
    return list(db.scalars(query).unique())


def count_rounds(rounds: list[VotingRound], edition: Edition) -> list[RoundCount]:
    """The counts of the closed rounds that hold, worked out from the signed sheets (Art. 8(6))."""
    counted = []
    for one in _holding(rounds):
        sheets = signed_sheets(one)
        result = tally(one.panel_size or len(sheets), [_vote(sheet) for sheet in sheets], edition)
        questions = []
        for question in QUESTIONS:
            field, count = edition.field(question), result.of(question)
            labels = {answer: field.option(answer).label for answer in count.counts}
            answer = labels[count.answer] if count.answer else "未形成多数意见"
            counts = {labels[key]: votes for key, votes in count.counts.items()}
            questions.append(QuestionCount(field.brief, counts, answer))
        closed_on = beijing_day(_known(one.closed_at))
        counted.append(RoundCount(one.number, closed_on, result.panel, result.signed, tuple(questions)))
    return counted


def signed_sheets(one: VotingRound) -> list[ConsultationSheet]:
    """The sheets that count in a round, by seat."""
    signed = [sheet for sheet in one.sheets if sheet.state == "signed"]
    return sorted(signed, key=lambda sheet: (sheet.member.seat or 0, sheet.member_id))


def compose(source: Source) -> dict[str, str]:
    """The text of each part, ready to be edited."""
    return {
        "opening": _opening(source),
        "product": _product(source),
        "discussion": _discussion(source),
        "expert_opinions": _expert_opinions(source),
        "conclusion": _conclusion(source),
        "follow_up": _follow_up(source),
    }


def say_day(day: date) -> str:
    """A day as official documents write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def _opening(source: Source) -> str:
    consultation, product = source.consultation, source.consultation.product
    lead = _lead_name(source)
    lines = []
    for one in source.sessions:
        began = _known(one.opened_at).astimezone(BEIJING)
        host = source.persons[one.host_id].name if one.host_id else ""
        where = f"（地点：{one.place}）" if one.place else ""
        present = [turn.member for turn in one.turns if turn.has_attended]
        lines.append(
            f"{say_day(began.date())}{began:%H:%M}，{lead}作为轮值召回技术机构，以{MODES[one.mode]}方式{where}组织召开"
            f"{_brand(product.brand)}{product.product_name}{_model(product.model)}专家会诊。会诊由{host}主持，"
            f"专家组{len(present)}人到会：{_names(member.name for member in present)}。{_staff_present(source, one)}"
        )
        if one.late_reason:
            lines.append(f"会诊时间超出规定期限，理由：{one.late_reason}")
    if consultation.even_panel_reason:
        article = source.edition.cite("8(1)")
        lines.append(f"专家组人数为双数（{article}），理由：{consultation.even_panel_reason}")
    return "\n".join(lines)


def _staff_present(source: Source, online: OnlineSession) -> str:
    parts = []
    for institution_id, institution in source.institutions.items():
        names = [
            source.persons[one.person_id].name
            for one in online.participants
            if one.institution_id == institution_id and one.has_attended
        ]
        if names:
            parts.append(f"{institution.short_name}{_names(names)}")
    return f"召回技术机构参会人员：{'；'.join(parts)}。" if parts else ""


def _product(source: Source) -> str:
    consultation, product = source.consultation, source.consultation.product
    places = [
        f"注册地{product.registered_place}" if product.registered_place else "",
        f"实际生产地{product.manufacturing_place}" if product.manufacturing_place else "",
    ]
    facts = "，".join(part for part in [f"生产者{product.producer}", *places] if part)
    articles = "、".join(
        source.edition.cite(ground.article)
        for ground in source.edition.grounds
        if ground.name in {row.ground for row in consultation.grounds}
    )
    series = source.edition.document_series["consultation"]
    lines = [
        f"{facts}。{source.applicant_office}依据《{source.edition.title}》{articles}提出申请（{series}{consultation.number}）。"
    ]
    scope = [
        f"涉及批次{product.batch}" if product.batch else "",
        f"数量{product.quantity}" if product.quantity else "",
        f"检测依据{product.test_basis}" if product.test_basis else "",
        f"报告编号{product.report_numbers}" if product.report_numbers else "",
    ]
    if any(scope):
        lines.append("，".join(part for part in scope if part) + "。")
    lines.append(f"疑似缺陷：{_ended(product.suspected_defect)}")
    lines.append(f"初步核实判断：{_ended(consultation.verification.result)}")
    return "\n".join(lines)


def _discussion(source: Source) -> str:
    lines = ["专家根据初步分析情况依次发言。"]
    for one in source.sessions:
        for turn in one.turns:
            said = [
                f"普遍存在不合理危险：{_VIEW[turn.danger_widespread]}" if turn.danger_widespread else "",
                f"危害性和影响程度：{turn.harm_and_extent}" if turn.harm_and_extent else "",
                f"建议开展调查：{_VIEW[turn.advises_investigation]}" if turn.advises_investigation else "",
                turn.notes,
            ]
            told = [part.rstrip("。；") for part in said if part]
            if told:
                lines.append(f"{turn.member.name}（{turn.member.field}）：{_ended('；'.join(told))}")
        lines.extend(
            f"关于{source.edition.field(note.question).brief}：{_ended(note.text)}"
            for note in sorted(one.agenda_notes, key=lambda note: FIRST_VIEW.index(note.question))
            if note.text
        )
        if one.discussion_summary:
            lines.append(_ended(one.discussion_summary))
    return "\n".join(lines)


def _expert_opinions(source: Source) -> str:
    lines = [f"第{one.number}轮表决作废：{_ended(one.close_reason)}" for one in source.rounds if one.is_void]
    rounds = _holding(source.rounds)
    for one, count in zip(rounds, count_rounds(rounds, source.edition), strict=True):
        lines.append(
            f"第{one.number}轮表决（{say_day(count.closed_on)}）：专家组{count.panel}人，签署会诊表{count.signed}人。"
        )
        results = "，".join(f"{question.label}：{question.answer}" for question in count.questions)
        lines.append(f"多数意见为{results}。")
        if one.close_reason:
            lines.append(f"部分专家未签署即结束表决，理由：{_ended(one.close_reason)}")
    if rounds:
        lines.append("各专家最后一轮意见：")
        lines.extend(_position(sheet, source) for sheet in signed_sheets(rounds[-1]))
    return "\n".join(lines)


def _holding(rounds: list[VotingRound]) -> list[VotingRound]:
    return [one for one in rounds if not one.is_void]


def _position(sheet: ConsultationSheet, source: Source) -> str:
    final = source.consultation.final_opinion or {}
    opinions = [(question, str(getattr(sheet, question))) for question in QUESTIONS]
    said = "，".join(_SAID[opinion] for opinion in opinions)
    differs = [_SAID[question, given] for question, given in opinions if final.get(question) not in (None, given)]
    text = f"{sheet.member.name}：{said}。"
    if differs:
        text += f"与最终意见不同：{'，'.join(differs)}。"
    answers = from_record(sheet.answers, source.edition)
    if differs:
        told = [f"{source.edition.field(name).brief}：{said}" for name, said in answers.texts.items() if said]
        text += f"所述情况：{_ended('；'.join(told))}" if told else ""
    for departure in departures(answers, source.edition):
        brief = source.edition.field(departure.question).brief
        text += f"{brief}偏离规则建议，理由：{_ended(departure.reason)}"
    return text


def _conclusion(source: Source) -> str:
    consultation, edition = source.consultation, source.edition
    final = consultation.final_opinion or {}
    decided = [_SAID[question, final[question]] for question in QUESTIONS if final.get(question)]
    lines = []
    if decided:
        article = edition.value("majority_divisor")
        lines.append(f"{article.text}（{edition.cite(article.article)}），{'，'.join(decided)}。")
    if consultation.outcome == "watch" and consultation.conclusion_reason:
        lines.append(
            f"{_ended(consultation.conclusion_reason)}依据{edition.cite('8(7)')}，会诊结果为持续关注，"
            f"由{source.applicant_office}继续进行信息跟踪。"
        )
    elif consultation.conclusion_reason:
        lines.append(_ended(consultation.conclusion_reason))
    return "\n".join(lines)


def _follow_up(source: Source) -> str:
    edition, lead = source.edition, _lead_name(source)
    lines = []
    final = source.consultation.final_opinion or {}
    if final.get("recommend_investigation") == "yes":
        lines.append(f"由{source.applicant_office}将会诊结论报告生产者所在地市场监督管理部门。")
    if source.review_on is not None:
        lines.append(f"由{source.applicant_office}持续关注该产品，{say_day(source.review_on)}前完成首次复核。")
    sheets, minutes = edition.value("retention_years_sheet"), edition.value("retention_years_meeting_minutes")
    lines.append(
        f"会诊表由{source.applicant_office}保存{sheets.value}年（{edition.cite(sheets.article)}），"
        f"会议纪要由{lead}保存{minutes.value}年（{edition.cite(minutes.article)}）。"
    )
    return "\n".join(lines)


def _lead_name(source: Source) -> str:
    return source.institutions[source.consultation.lead_institution_id or 0].name


def _vote(sheet: ConsultationSheet) -> Vote:
    return Vote(*(str(getattr(sheet, question)) for question in QUESTIONS))


def _names(names: Iterable[str]) -> str:
    return "、".join(names)


def _brand(brand: str) -> str:
    return f"“{brand}”牌" if brand else ""


def _model(model: str) -> str:
    return f"（型号 {model}）" if model else ""


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith(("。", "！", "？")) or not text else f"{text}。"


def _known(at: datetime | None) -> datetime:
    if at is None:
        raise ValueError("the instant is known here")
    return at
