"""Step 1, the application: drafting, submitting, accepting, returning, withdrawing (Art. 4, 6, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from portal.models.account import Person
from portal.models.consultation import (
    ApplicationGround,
    Consultation,
    ConsultationParty,
    PreliminaryVerification,
    ProductInformation,
)
from portal.models.event import Event
from portal.models.institution import AllianceMember
from portal.models.panel import NominationRequest
from portal.process.consultation import Stage, transition
from portal.process.errors import Invalid, NotAllowed, Stale
from portal.process.permissions import Actor, Relation, is_granted
from portal.rules.application import PreliminaryVerification as GivenVerification
from portal.rules.application import check_preliminary_verification, check_product_information
from portal.rules.credit_code import check_credit_code
from portal.rules.dates import beijing_day
from portal.rules.editions import CURRENT_EDITION, Edition, load_edition
from portal.rules.grounds import ApplicationGrounds, check_grounds
from portal.rules.problem import Problem
from portal.services.consultation.session_invitation import cancel_session
from portal.services.consultation.time_poll_asking import close_poll
from portal.services.kernel.advancing import advance
from portal.services.kernel.counting import count_party
from portal.services.kernel.events import record
from portal.services.kernel.lead import lead_on
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.numbers import next_number
from portal.services.kernel.obligations import oblige, open_obligations


@dataclass(frozen=True)
class ApplicationInput:
    """What was typed. `product` holds texts and dates by column name of `ProductInformation`."""

    grounds: ApplicationGrounds
    verification: GivenVerification
    information_sources: frozenset[str]
    product: Mapping[str, str | date | None] = field(default_factory=dict)


PRODUCT_TEXTS = (
    "information_source_other", "report_numbers", "product_name", "specification", "model", "brand", "producer",
    "credit_code", "registered_place", "manufacturing_place", "test_basis", "suspected_defect", "product_class",
    "batch", "quantity", "brand_owner", "parent_company", "test_laboratory",
)  # fmt: skip
_PRODUCT_DATES = ("produced_from", "produced_until")


def create_application(db: Session, *, actor: Actor, given: ApplicationInput, now: datetime) -> Consultation:
    """Begin a draft for the actor's institution. Gaps are allowed; nothing is checked but the shape."""
    if not is_granted("create_application", actor) or actor.institution_id is None:
        raise NotAllowed("只有召回技术机构的工作人员可以提出会诊申请。", article="6")
    return begin_draft(
        db, institution_id=actor.institution_id, created_by_id=actor.person_id, given=given, actor=actor, now=now
    )


def begin_draft(
    db: Session, *, institution_id: int, created_by_id: int, given: ApplicationInput, actor: Actor, now: datetime
) -> Consultation:
    """Begin a draft for an institution, also on behalf of a regulator that asks it for a consultation."""
    consultation = Consultation(
        alliance_id=_alliance_of(db, institution_id),
        edition=CURRENT_EDITION,
        stage=Stage.DRAFT,
        applicant_institution_id=institution_id,
        created_by_id=created_by_id,
        created_at=now,
        saved_at=now,
        product=ProductInformation(),
        verification=PreliminaryVerification(),
    )
    _write(consultation, given)
    db.add(consultation)
    db.flush()
    record(db, "application_drafted", now=now, actor=actor, consultation_id=consultation.id)
    return consultation


def save_application(
    db: Session, *, actor: Actor, consultation_id: int, given: ApplicationInput, version: int, now: datetime
) -> Consultation:
    """Save a draft or a returned application; a draft with gaps can always be saved."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="edit_application", now=now)
    if loaded.consultation.version != version:
        raise Stale("这份申请刚刚被本单位其他人保存过。请核对后再保存，您填写的内容仍在页面上。")
    loaded.consultation.saved_at = now
    flag_modified(loaded.consultation, "saved_at")  # two saves in one instant are two versions as well
    _write(loaded.consultation, given)
    db.flush()
    return loaded.consultation


def submit_application(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Consultation:
    """Submit the draft to the institution that leads today; it gets its number.

    Refused as Invalid, with each gap at its field, while it is not complete.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="submit_application", now=now)
    consultation = loaded.consultation
    _require_complete(consultation, loaded.edition)
    today = beijing_day(now)
    consultation.lead_institution_id = lead_on(db, consultation.alliance_id, today)
    consultation.year = today.year
    consultation.serial = next_number(db, series=f"consultation:{consultation.alliance_id}", year=today.year)
    _hand_to_lead(db, loaded, "submit_application", actor=actor, now=now)
    return consultation


def resubmit_application(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Consultation:
    """Submit a returned application again; number and lead are kept."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="resubmit_application", now=now)
    _require_complete(loaded.consultation, loaded.edition)
    _hand_to_lead(db, loaded, "resubmit_application", actor=actor, now=now)
    return loaded.consultation


def discard_application(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Discard a draft that was never submitted."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="discard_application", now=now)
    loaded.consultation.closed_at = now
    advance(db, loaded, "discard_application", actor=actor, now=now)


def accept_application(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Accept for the lead; each institution of the alliance is then asked to choose experts.

    Where the lead is itself the applicant, a second person accepts (decided).
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="accept_application", now=now)
    consultation = loaded.consultation
    is_own = consultation.applicant_institution_id == consultation.lead_institution_id
    if is_own and consultation.submitted_by_id == actor.person_id:
        raise NotAllowed("牵头单位自己提出的申请，由提交人以外的另一人受理。", article="6")
    consultation.accepted_at = now
    advance(db, loaded, "accept_application", actor=actor, now=now)
    for institution_id in sorted(loaded.facts.alliance_institution_ids):
        db.add(
            NominationRequest(consultation_id=consultation.id, institution_id=institution_id, wanted=0, asked_at=now)
        )
        oblige(db, consultation, "nominate", now=now, institution_id=institution_id)


def return_application(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """Return to the applicant with a reason."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="return_application", now=now)
    advance(db, loaded, "return_application", actor=actor, now=now, reason=required_reason(reason, "退回理由"))


def withdraw_application(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """Withdraw before voting, with a reason; what exists is archived."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="withdraw_application", now=now)
    end_early(db, loaded, "withdraw_application", actor=actor, now=now, reason=required_reason(reason, "撤回理由"))


def end_early(db: Session, loaded: Loaded, act: str, *, actor: Actor, now: datetime, reason: str) -> None:
    """Withdraw, lapse or terminate: record the outcome, and let the custodian archive what exists."""
    consultation = loaded.consultation
    cancel_session(db, consultation, now=now, reason=reason)
    close_poll(db, consultation.id, now=now)
    consultation.closed_at = now
    consultation.outcome = "withdrawn" if act == "withdraw_application" else "terminated"
    advance(db, loaded, act, actor=actor, now=now, reason=reason)
    oblige(db, consultation, "archive", now=now, institution_id=consultation.applicant_institution_id)


def required_reason(reason: str, name: str, *, field: str = "reason", article: str = "") -> str:
    """The reason, stripped; Invalid beside its field when it is empty."""
    if not reason.strip():
        raise Invalid.field(field, f"请填写{name}。", article)
    return reason.strip()


def application_problems(consultation: Consultation, edition: Edition) -> tuple[Problem, ...]:
    """What keeps the application from being submitted, each with its article (Art. 4, 7)."""
    product, verification = consultation.product, consultation.verification
    texts = {name: getattr(product, name) for name in PRODUCT_TEXTS}
    problems = [
        *check_grounds(given_grounds(consultation), edition),
        *check_product_information(texts, product.information_sources, edition),
        *check_preliminary_verification(
            GivenVerification(
                verification.checked, verification.verified_by, verification.verified_on, verification.result
            ),
            edition,
        ),
    ]
    if product.credit_code:
        problems.extend(check_credit_code(product.credit_code))
    if product.produced_from and product.produced_until and product.produced_until < product.produced_from:
        problems.append(Problem("produced_until", "生产日期的止日早于起日，请核对。", "7"))
    return tuple(problems)


def given_grounds(consultation: Consultation) -> ApplicationGrounds:
    """The grounds as the rules take them."""
    rows = {row.ground: row for row in consultation.grounds}
    arrangement, necessity = rows.get("national_arrangement"), rows.get("institution_necessity")
    return ApplicationGrounds(
        ticked=frozenset(rows),
        registered_province=consultation.product.registered_province or "",
        manufacturing_province=consultation.product.manufacturing_province or "",
        arrangement=arrangement.arrangement if arrangement else "",
        arranged_on=arrangement.arranged_on if arrangement else None,
        arrangement_document_number=arrangement.document_number if arrangement else "",
        necessity_reason=necessity.reason if necessity else "",
    )


def _alliance_of(db: Session, institution_id: int) -> int:
    member = db.scalar(select(AllianceMember).where(AllianceMember.institution_id == institution_id))
    if member is None:
        raise NotAllowed("本单位不是会诊机制的成员单位，不能提出申请。", article="2")
    return member.alliance_id


def _require_complete(consultation: Consultation, edition: Edition) -> None:
    problems = application_problems(consultation, edition)
    if problems:
        raise Invalid(problems)


def _hand_to_lead(db: Session, loaded: Loaded, act: str, *, actor: Actor, now: datetime) -> None:
    consultation = loaded.consultation
    consultation.submitted_at = now
    consultation.submitted_by_id = actor.person_id
    lead_id = consultation.lead_institution_id
    if lead_id is None:
        raise ValueError("a submitted consultation has a lead")
    add_party(db, consultation, consultation.applicant_institution_id)
    add_party(db, consultation, lead_id)
    advance(db, loaded, act, actor=actor, now=now)
    queue(
        db, "application_submitted", liaisons(db, [lead_id], beijing_day(now)), now=now, consultation=consultation,
        link_label="查看会诊申请", link_path=f"/consultations/{consultation.id}",
        applicant=db.get_one(Person, actor.person_id).name,
        owed=open_obligations(db, consultation.id, kinds=["answer_application"]),
    )  # fmt: skip


def add_party(db: Session, consultation: Consultation, institution_id: int) -> None:
    """Let an institution's staff see the consultation from now on."""
    if db.get(ConsultationParty, (consultation.id, institution_id)) is None:
        db.add(ConsultationParty(consultation_id=consultation.id, institution_id=institution_id))
        db.flush()
        count_party(db, consultation, institution_id)


def _write(consultation: Consultation, given: ApplicationInput) -> None:
    product, verification, grounds = consultation.product, consultation.verification, given.grounds
    for name in PRODUCT_TEXTS:
        setattr(product, name, str(given.product.get(name) or "").strip())
    for name in _PRODUCT_DATES:
        setattr(product, name, given.product.get(name))
    product.information_sources = sorted(given.information_sources)
    product.registered_province = grounds.registered_province or None
    product.manufacturing_province = grounds.manufacturing_province or None
    product.origin = str(given.product.get("origin") or "") or None
    verification.checked = given.verification.checked.strip()
    verification.verified_by = given.verification.verified_by.strip()
    verification.verified_on = given.verification.verified_on
    verification.result = given.verification.result.strip()
    kept = {row.ground: row for row in consultation.grounds}
    consultation.grounds = [kept.get(name) or ApplicationGround(ground=name) for name in sorted(grounds.ticked)]
    for row in consultation.grounds:
        is_arrangement = row.ground == "national_arrangement"
        row.arrangement = grounds.arrangement.strip() if is_arrangement else ""
        row.arranged_on = grounds.arranged_on if is_arrangement else None
        row.document_number = grounds.arrangement_document_number.strip() if is_arrangement else ""
        row.reason = grounds.necessity_reason.strip() if row.ground == "institution_necessity" else ""


def edition_of(consultation: Consultation) -> Edition:
    """The edition of the Standard that the consultation began with."""
    return load_edition(consultation.edition)


def why_not_submit(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the application cannot be submitted yet: how many things are missing."""
    problems = application_problems(loaded.consultation, loaded.edition)
    return f"还有 {len(problems)} 处需要填写或改正：{problems[0].message}" if problems else None


def why_not_accept(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why this person cannot accept: the submitter of the lead's own application needs a second person."""
    consultation = loaded.consultation
    is_own = consultation.applicant_institution_id == consultation.lead_institution_id
    if is_own and consultation.submitted_by_id == loaded.actor.person_id:
        return "牵头单位自己提出的申请，由提交人以外的另一人受理。"
    return None


WHY_NOT = {
    "submit_application": why_not_submit,
    "resubmit_application": why_not_submit,
    "accept_application": why_not_accept,
}


@dataclass(frozen=True)
class ApplicationSummary:
    """The application on the consultation's page; verification and grounds only for those who may see them."""

    consultation: Consultation
    is_full: bool


def summary(db: Session, loaded: Loaded, now: datetime) -> ApplicationSummary | None:
    """What step 1 shows on the consultation's page; to an expert only once it is sent (people.md)."""
    is_staff = loaded.relations & {Relation.APPLICANT, Relation.LEAD, Relation.PARTY, Relation.NEXT_LEAD}
    if not is_staff and loaded.consultation.material_sent_at is None:
        return None
    return ApplicationSummary(loaded.consultation, loaded.may("view_application"))


def find_application(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Consultation:
    """The draft or returned application that the actor's institution may edit."""
    return load(db, actor=actor, consultation_id=consultation_id, permission="edit_application", now=now).consultation


def reason_of_return(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> str:
    """Why the lead returned the application that is to be corrected; "" for a draft."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="edit_application", now=now)
    if loaded.stage is not Stage.RETURNED:
        return ""
    returns = select(Event.facts).where(
        Event.consultation_id == consultation_id, Event.name == transition("return_application").event
    )
    facts = db.scalar(returns.order_by(Event.id.desc()).limit(1)) or {}
    return str(facts.get("reason", ""))
