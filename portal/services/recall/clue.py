"""Step 1, the clue: recording it, passing it on to whose area it is, verifying it (Workflow Art. 8–10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.models.recall_case import RecallCase, RecallProduct
from portal.process.errors import Invalid, NotAllowed
from portal.process.permissions import Actor
from portal.process.recall_permissions import can_begin
from portal.rules.credit_code import check_credit_code
from portal.rules.dates import beijing_day
from portal.rules.problem import Problem
from portal.rules.recall.editions import NoEditionInForce, RecallEdition, edition_for
from portal.rules.regions import covers, is_division_code, is_municipality, level_of, shipped_areas
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_advancing import advance_case, begin_case
from portal.services.kernel.case_loading import load_case
from portal.services.kernel.case_mailing import tell_owners
from portal.services.kernel.case_obligations import close_in_case, oblige_in_case, open_in_case, provincial_regulator
from portal.services.kernel.events import record
from portal.services.kernel.numbers import next_number
from portal.services.recall.given import in_words, keep_files, past_day, refuse, required_text
from portal.services.recall.review import take_part
from portal.services.regulators import find_regulator, handling_regulator

PRODUCT_TEXTS = {
    "product_name": ("产品名称", 120),
    "product_class": ("产品类型", 60),
    "brand": ("商标", 120),
    "model": ("型号", 120),
    "specification": ("规格", 120),
    "batches": ("批次", 2000),
    "quantity": ("数量", 60),
    "producer": ("生产者名称", 120),
    "credit_code": ("统一社会信用代码", 18),
    "producer_area": ("生产者所在地", 6),
    "address": ("生产者地址", 200),
    "legal_representative": ("法定代表人", 60),
    "contact": ("联系人", 60),
    "phone": ("联系电话", 60),
    "email": ("电子邮箱", 254),
    "defect": ("可能存在的缺陷描述", 5000),
    "consequence": ("缺陷可能导致的后果", 5000),
    "report_numbers": ("检测报告编号", 2000),
}
"""The texts of a product and its producer: what each is called, and how many signs it has at most."""
_REQUIRED = ("product_name", "producer", "defect")


@dataclass(frozen=True)
class ClueInput:
    """What was typed of a clue. `product` holds texts by the names of PRODUCT_TEXTS; what is left out is empty."""

    channel: str
    found_on: date | None
    channel_note: str = ""
    product: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None
    produced_from: date | None = None
    produced_until: date | None = None


def record_clue(
    db: Session, *, actor: Actor, given: ClueInput, now: datetime, files: Sequence[UploadedFile] = ()
) -> RecallCase:
    """Record a clue (Art. 8); it goes to the city whose area it is, or stays to be passed on (Art. 10).

    Invalid for gaps, and where no edition of the workflow is in force today (Art. 23).
    """
    case = _new_case(db, "record_clue", actor, given, now)
    begin_case(db, case, "record_clue", actor=actor, now=now, channel=case.channel, product=case.product.product_name)
    keep_files(db, case, files, now=now, actor=actor, event="clue_recorded")
    own = db.get_one(Institution, case.begun_by_id)
    if own.kind == "technical":  # Art. 7(1): it goes on seeing what it has reported
        take_part(db, case, own, role="technical", task="报送线索", actor=actor, now=now)
    _owe_assignment(db, case, now, actor)
    return case


def receive_voluntary_plan(
    db: Session, *, actor: Actor, given: ClueInput, now: datetime, files: Sequence[UploadedFile] = ()
) -> RecallCase:
    """Record that a producer reports a recall by itself (Art. 14); annexes 6–8 follow by link or from paper."""
    case = _new_case(db, "receive_voluntary_plan", actor, given, now)
    authority = db.get_one(Institution, case.authority_id)
    if not _handles_cases(authority):
        raise Invalid.field("producer_area", "主动召回由生产者所在地的设区的市市场监管部门接收，请选择其所在地。")
    case.is_voluntary = True
    begin_case(db, case, "receive_voluntary_plan", actor=actor, now=now, product=case.product.product_name)
    keep_files(db, case, files, now=now, actor=actor, event="voluntary_plan_received")
    return case


def edit_clue(db: Session, *, actor: Actor, case_id: int, given: ClueInput, version: int, now: datetime) -> RecallCase:
    """Correct what is known of the product, its producer and the clue, while it is looked into."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="edit_clue", now=now, version=version)
    case = loaded.case
    problems = _problems(given, loaded.edition, now)
    if problems:
        raise Invalid(problems)
    _write(case, given)
    db.flush()
    record(db, "clue_corrected", now=now, actor=actor, recall_case_id=case.id, product=case.product.product_name)
    return case


def clue_to_edit(db: Session, *, actor: Actor, case_id: int, now: datetime) -> RecallCase:
    """The case whose clue is to be corrected."""
    return load_case(db, actor=actor, case_id=case_id, permission="edit_clue", now=now).case


def pass_on_clue(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Pass a clue from outside the own area on to the province (Art. 10)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="pass_on_clue", now=now)
    case = loaded.case
    if is_municipality(case.authority.division):
        raise refuse("直辖市的线索由本局直接确定承办单位，不需要移送", "10", loaded.edition)
    reason = required_text(reason, "移送理由")
    close_in_case(db, case, open_in_case(db, case.id, ("verify_clue",)), now=now, met=True)
    _hand_to(case, provincial_regulator(db, case.authority.province))
    db.flush()
    advance_case(db, loaded, "pass_on_clue", now=now, reason=reason)


def assign_clue(
    db: Session, *, actor: Actor, case_id: int, institution_id: int | None, reason: str, now: datetime
) -> None:
    """Decide who handles a clue: a city of the own province, or the regulator of another one (Art. 10, decided)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="assign_clue", now=now)
    case = loaded.case
    candidates = {one.id: one for one in assignable(db, case)}
    if institution_id not in candidates:
        raise Invalid.field("institution_id", "请选择承办的市场监管部门。")
    target = candidates[institution_id]
    reason = required_text(reason, "理由")
    close_in_case(db, case, open_in_case(db, case.id, ("verify_clue", "assign_clue")), now=now, met=True)
    _hand_to(case, target)
    db.flush()
    takes_it = _handles_cases(target)
    advance_case(
        db,
        loaded,
        "assign_clue",
        now=now,
        skip=() if takes_it else ("verify_clue",),
        reason=reason,
        to_name=target.name,
    )
    _owe_assignment(db, case, now, actor)


def assignable(db: Session, case: RecallCase) -> list[Institution]:
    """Who may be given a clue: the cities of the province that decides, and the regulators of the other provinces."""
    found = []
    for area in shipped_areas().values():
        is_own = area.province == case.authority.province
        if (area.level == "city" and is_own) or (area.level == "province" and not is_own):
            regulator = find_regulator(db, area.code)
            if regulator is not None:
                found.append(regulator)
    return found


def verify_clue(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Find a clue true: the technical review begins (Art. 9). `reason` says what was checked."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="verify_clue", now=now)
    reason = required_text(reason, "核实情况")
    area, own = loaded.case.product.producer_area, loaded.case.authority.division
    # Of a producer whose province alone is known, the city may be the one.
    if area and not covers(own, area) and not covers(area, own):
        raise refuse("生产者不在本行政区域内，请将线索移送", "10", loaded.edition)
    advance_case(db, loaded, "verify_clue", now=now, reason=reason)


def close_clue(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Close a clue that proved unfounded, with the reason (Art. 9)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="close_clue", now=now)
    reason = required_text(reason, "理由")
    advance_case(db, loaded, "close_clue", now=now, outcome="unfounded", reason=reason)


def begin_from_consultation(db: Session, case: RecallCase, *, now: datetime, consultation_id: int) -> None:
    """Begin the case that a consultation advised; nobody of a regulator has typed it."""
    begin_case(
        db, case, "record_clue", actor=None, now=now, channel=case.channel, advised_by_consultation_id=consultation_id
    )
    _owe_assignment(db, case, now, None)


def new_case_for(db: Session, authority: Institution, given: ClueInput, *, now: datetime) -> RecallCase:
    """A case of `authority` that is not begun yet: its edition, its number, its product. NoEditionInForce."""
    edition = edition_for(beijing_day(now), authority.province)
    year = beijing_day(now).year
    case = RecallCase(
        edition=edition.name, province=authority.province, year=year,
        serial=next_number(db, series=f"recall_case:{authority.province}", year=year), area=authority.division,
        authority_id=authority.id, authority=authority, begun_at=now, channel=given.channel,
        found_on=given.found_on or beijing_day(now), product=RecallProduct(product_name=""),
    )  # fmt: skip
    _write(case, given)
    return case


def _new_case(db: Session, act: str, actor: Actor, given: ClueInput, now: datetime) -> RecallCase:
    if not can_begin(act, actor) or actor.institution_id is None:
        raise NotAllowed("缺陷线索由市场监管部门和召回技术机构登记。")
    own = db.get_one(Institution, actor.institution_id)
    try:
        edition = edition_for(beijing_day(now), own.province)
    except NoEditionInForce as refused:
        raise Invalid(in_words([refused.problem])) from refused
    problems = _problems(given, edition, now)
    if problems:
        raise Invalid(problems)
    case = new_case_for(db, _first_authority(db, own, given.product.get("producer_area", "")), given, now=now)
    case.begun_by_id, case.created_by_id = own.id, actor.person_id
    return case


def _first_authority(db: Session, own: Institution, producer_area: str) -> Institution:
    """Who gets a clue first: a city keeps its own, also to pass it on; a county's goes to its city.

    Of a province or a technical institution it is the city of the producer's place, else the province, to decide.
    """
    if own.kind == "regulator" and (own.level == "city" or is_municipality(own.division)):
        return own
    if own.kind == "regulator" and own.level == "county":
        city = handling_regulator(db, own.division)
        if city is not None:
            return city
    found = handling_regulator(db, producer_area)
    is_inside = found is not None and found.province == own.province
    return found if found is not None and is_inside else provincial_regulator(db, own.province)


def _handles_cases(regulator: Institution) -> bool:
    return regulator.level == "city" or is_municipality(regulator.division)


def _owe_assignment(db: Session, case: RecallCase, now: datetime, actor: Actor | None) -> None:
    """A province decides who handles what it got; it verifies nothing itself."""
    if _handles_cases(db.get_one(Institution, case.authority_id)) or open_in_case(db, case.id, ("assign_clue",)):
        return
    close_in_case(db, case, open_in_case(db, case.id, ("verify_clue",)), now=now, met=False)
    obligation = oblige_in_case(db, case, "assign_clue", now=now)
    tell_owners(db, case, [obligation], actor=actor, now=now)


def _hand_to(case: RecallCase, regulator: Institution) -> None:
    case.authority, case.authority_id, case.in_charge_id = regulator, regulator.id, None
    case.area = area_within(regulator, case.product.producer_area)


def area_within(authority: Institution, producer_area: str) -> str:
    """The county of the producer where it lies in the authority's area, else that area."""
    if is_division_code(producer_area) and covers(authority.division, producer_area):
        return producer_area if level_of(producer_area) == "county" else authority.division
    return authority.division


def _problems(given: ClueInput, edition: RecallEdition, now: datetime) -> list[Problem]:
    problems = []
    if given.channel not in edition.channels:
        problems.append(Problem("channel", "请选择线索来源。", ""))
    elif given.channel == "other" and not given.channel_note.strip():
        problems.append(Problem("channel_note", "请写明线索来源。", ""))
    try:
        past_day(given.found_on, "发现日期", field="found_on", now=now)
    except Invalid as refused:
        problems += refused.problems
    for name, (label, longest) in PRODUCT_TEXTS.items():
        text = given.product.get(name, "").strip()
        if name in _REQUIRED and not text:
            problems.append(Problem(name, f"请填写{label}。", ""))
        if len(text) > longest:
            problems.append(Problem(name, f"{label}最长 {longest} 个字，现为 {len(text)} 个。", ""))
    code, area = given.product.get("credit_code", "").strip(), given.product.get("producer_area", "").strip()
    problems += check_credit_code(code) if code else ()
    if area and not is_division_code(area):
        problems.append(Problem("producer_area", f"“{area}”不是行政区划代码（GB/T 2260）。", ""))
    if given.produced_from and given.produced_until and given.produced_from > given.produced_until:
        problems.append(Problem("produced_until", "生产日期的截止日早于起始日。", ""))
    return problems


def _write(case: RecallCase, given: ClueInput) -> None:
    case.channel, case.channel_note = given.channel, given.channel_note.strip()
    case.found_on = given.found_on or case.found_on
    for name in PRODUCT_TEXTS:
        setattr(case.product, name, given.product.get(name, "").strip())
    case.product.origin = given.origin or None
    case.product.produced_from, case.product.produced_until = given.produced_from, given.produced_until
    case.area = area_within(case.authority, case.product.producer_area)
