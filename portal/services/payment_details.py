"""收款信息: where an expert is paid. Sealed in the database; read in full by those who pay alone, and recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.field_keys import FieldKeys
from portal.models.channel import InstitutionChannel
from portal.models.expert import Expert
from portal.models.fee import PaymentDetails
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day
from portal.rules.identity import (
    DOCUMENT_KINDS,
    check_bank_account,
    check_document_number,
    check_phone,
    is_card_number,
    masked,
)
from portal.rules.problem import Problem
from portal.services.channels import owner_of
from portal.services.kernel.events import record
from portal.services.sealing import seal, seal_anew, unseal

ARTICLE = "10"
LABELS = {
    "id_kind": "证件类型",
    "id_number": "证件号码",
    "bank": "开户银行",
    "branch": "开户支行",
    "account": "银行账号",
    "phone": "联系电话",
}
NOT_A_CARD = "已保存。账号没有通过银行卡号的校验；如果是存折或对公账号可以不管，如果是银行卡请再核对一遍。"
SAVED = "收款信息已加密保存。"


@dataclass(frozen=True)
class DetailsInput:
    """What was typed; blanks and hyphens within numbers do not count."""

    id_kind: str = ""
    id_number: str = ""
    bank: str = ""
    branch: str = ""
    account: str = ""
    phone: str = ""

    def tidy(self) -> DetailsInput:
        """The same as it is kept."""
        return DetailsInput(
            self.id_kind,
            "".join(self.id_number.split()).upper(),
            self.bank.strip(),
            self.branch.strip(),
            "".join(self.account.split()).replace("-", ""),
            "".join(self.phone.split()),
        )


@dataclass(frozen=True)
class DetailsPage:
    """An expert with the kept details, numbers masked; `lines` is empty where nothing is kept yet."""

    expert_id: int
    name: str
    lines: tuple[tuple[str, str], ...]
    saved_at: datetime | None


def own_details(db: Session, *, actor: Actor, keys: FieldKeys) -> DetailsPage:
    """The actor's own details, masked. NotFound for somebody who is on no register."""
    return _page(db, _own(db, actor), keys)


def details_of_register(db: Session, *, actor: Actor, expert_id: int, keys: FieldKeys) -> DetailsPage:
    """Those of an expert of the actor's own register, masked; NotFound for any other."""
    return _page(db, _of_register(db, actor, expert_id), keys)


def save_own_details(db: Session, *, actor: Actor, given: DetailsInput, keys: FieldKeys, now: datetime) -> str:
    """Keep the actor's own details instead of the former ones. Returns what to say: saved, or a doubt."""
    return _save(db, actor, _own(db, actor), given, keys, now)


def save_details_of_register(
    db: Session, *, actor: Actor, expert_id: int, given: DetailsInput, keys: FieldKeys, now: datetime
) -> str:
    """Keep the details of an expert of the actor's own register. Returns what to say: saved, or a doubt."""
    return _save(db, actor, _of_register(db, actor, expert_id), given, keys, now)


def read_in_full(
    db: Session, *, actor: Actor, expert_ids: Iterable[int], purpose: str, keys: FieldKeys, now: datetime
) -> dict[int, Mapping[str, str]]:
    """The details of experts whom the caller has found the actor to pay, by expert; recorded: who, whose, what for.

    An expert who has given none is missing from the answer.
    """
    rows = db.scalars(select(PaymentDetails).where(PaymentDetails.expert_id.in_(set(expert_ids)))).all()
    found = {row.expert_id: unseal(row.sealed, owner=_owner(row.expert_id), keys=keys) for row in rows}
    if found:
        record(db, "payment_details_read", now=now, actor=actor, experts=_names(db, found), purpose=purpose)
    return {expert_id: {**values, "id_kind": DOCUMENT_KINDS[values["id_kind"]]} for expert_id, values in found.items()}


def check_all_open(db: Session, *, keys: FieldKeys) -> int:
    """How many experts' details the keys open. FieldsUnreadable where there is one that they do not."""
    rows = db.scalars(select(PaymentDetails)).all()
    for row in rows:
        unseal(row.sealed, owner=_owner(row.expert_id), keys=keys)
    for robot in db.scalars(select(InstitutionChannel)):
        unseal(robot.sealed, owner=owner_of(robot.institution_id), keys=keys)
    return len(rows)


def seal_all_anew(db: Session, *, keys: FieldKeys, now: datetime) -> int:
    """Seal every expert's details under the first key; how many. FieldsUnreadable, and nothing done, for one."""
    rows = db.scalars(select(PaymentDetails)).all()
    for row in rows:
        row.sealed = seal_anew(row.sealed, keys=keys)
    for robot in db.scalars(select(InstitutionChannel)):
        robot.sealed = seal_anew(robot.sealed, keys=keys)
    record(db, "field_keys_rotated", now=now, count=len(rows))
    return len(rows)


def _save(db: Session, actor: Actor, expert: Expert, given: DetailsInput, keys: FieldKeys, now: datetime) -> str:
    given = given.tidy()
    problems = _problems(given, now)
    if problems:
        raise Invalid(problems)
    kept = db.get(PaymentDetails, expert.id)
    if kept is None:
        kept = PaymentDetails(expert_id=expert.id)
        db.add(kept)
    kept.sealed = seal(asdict(given), owner=_owner(expert.id), keys=keys)
    kept.saved_by_id, kept.saved_at = actor.person_id, now
    db.flush()
    record(db, "payment_details_saved", now=now, actor=actor, expert=expert.person.name)
    return SAVED if is_card_number(given.account) else NOT_A_CARD


def _problems(given: DetailsInput, now: datetime) -> list[Problem]:
    problems = [
        Problem(name, f"请填写{label}。", ARTICLE)
        for name, label in LABELS.items()
        if name != "branch" and not getattr(given, name)
    ]
    if given.id_kind and given.id_kind not in DOCUMENT_KINDS:
        problems.append(Problem("id_kind", "请从列出的证件类型中选择。", ARTICLE))
    if given.id_number:
        problems += check_document_number(given.id_kind, given.id_number, beijing_day(now))
    if given.account:
        problems += check_bank_account(given.account)
    if given.phone:
        problems += check_phone(given.phone)
    return problems


def _page(db: Session, expert: Expert, keys: FieldKeys) -> DetailsPage:
    kept = db.get(PaymentDetails, expert.id)
    if kept is None:
        return DetailsPage(expert.id, expert.person.name, (), None)
    values = unseal(kept.sealed, owner=_owner(expert.id), keys=keys)
    shown = {
        **values,
        "id_kind": DOCUMENT_KINDS[values["id_kind"]],
        **{name: masked(values[name]) for name in ("id_number", "account", "phone")},
    }
    return DetailsPage(
        expert.id, expert.person.name, tuple((label, shown[name]) for name, label in LABELS.items()), kept.saved_at
    )


def _own(db: Session, actor: Actor) -> Expert:
    if not is_granted("edit_own_payment_details", actor) or actor.expert_id is None:
        raise NotFound
    return _expert(db, actor.expert_id)


def _of_register(db: Session, actor: Actor, expert_id: int) -> Expert:
    expert = _expert(db, expert_id)
    if not is_granted("edit_expert_register", actor) or expert.institution_id != actor.institution_id:
        raise NotFound
    return expert


def _expert(db: Session, expert_id: int) -> Expert:
    expert = db.get(Expert, expert_id, options=[joinedload(Expert.person)])
    if expert is None:
        raise NotFound
    return expert


def _names(db: Session, expert_ids: Iterable[int]) -> list[str]:
    experts = db.scalars(
        select(Expert).where(Expert.id.in_(list(expert_ids))).options(joinedload(Expert.person)).order_by(Expert.id)
    )
    return [expert.person.name for expert in experts]


def _owner(expert_id: int) -> str:
    return f"expert:{expert_id}"
