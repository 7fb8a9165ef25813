"""Aliases of organisations: former names, short forms and brands under which one is known (Art. 8(1)).

What matching by trade name cannot see, somebody knows: 博西家电 is 博西华电器（江苏）有限公司. Each institution adds
what it knows, all use the list, and every conflict that an alias finds names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.expert import OrganisationAlias
from portal.process.errors import Invalid, NotAllowed, NotFound
from portal.process.permissions import Actor, is_granted
from portal.rules.problem import Problem
from portal.services.conflicts import SHORTEST_TRADE_NAME, is_same_organisation, trade_name
from portal.services.kernel.events import record

ARTICLE = "8(1)"
LONGEST = {"name": 120, "alias": 120, "source": 200}
_LABELS = {"name": "单位名称", "alias": "别名", "source": "依据"}
PAGE_SIZE = 25


@dataclass(frozen=True)
class AliasRow:
    """One line of the list."""

    alias: OrganisationAlias
    added_by: str
    is_own: bool  # added by the actor's institution, which may remove it


@dataclass(frozen=True)
class AliasPage:
    """One page of the list, in the order of the names."""

    rows: tuple[AliasRow, ...]
    total: int
    page: int
    pages: int


def alias_page(db: Session, *, actor: Actor, search: str = "", page: int = 1, now: datetime) -> AliasPage:
    """The list, narrowed to names that contain what was searched for."""
    if not is_granted("view_expert_register", actor):
        raise NotFound
    query: Select[OrganisationAlias, str] = select(OrganisationAlias, Person.name).join(
        Person, Person.id == OrganisationAlias.added_by_id
    )
    if search.strip():
        wanted = search.strip()
        query = query.where(
            OrganisationAlias.name.contains(wanted, autoescape=True)
            | OrganisationAlias.alias.contains(wanted, autoescape=True)
        )
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    found = db.execute(
        query.order_by(OrganisationAlias.name, OrganisationAlias.alias).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    )
    rows = tuple(AliasRow(alias, person, alias.institution_id == actor.institution_id) for alias, person in found)
    return AliasPage(rows, total, page, pages)


def add_alias(db: Session, *, actor: Actor, name: str, alias: str, source: str, now: datetime) -> OrganisationAlias:
    """Put two names of one organisation on the list. Invalid for names that are matched without it, or known."""
    _require(actor)
    given = {"name": " ".join(name.split()), "alias": " ".join(alias.split()), "source": source.strip()}
    problems = [
        Problem(field, f"{_LABELS[field]}请填写，不超过 {longest} 个字。", ARTICLE)
        for field, longest in LONGEST.items()
        if not given[field] or len(given[field]) > longest
    ]
    problems += [
        Problem(
            field, f"“{given[field]}”去掉地名和“公司”等字样后不足 {SHORTEST_TRADE_NAME} 个字，无法用于核对。", ARTICLE
        )
        for field in ("name", "alias")
        if given[field] and len(trade_name(given[field])) < SHORTEST_TRADE_NAME
    ]
    if not problems and is_same_organisation(given["name"], given["alias"]):
        problems.append(Problem("alias", "这两个名称本来就会视为同一单位，不必登记。", ARTICLE))
    if problems:
        raise Invalid(problems)
    first, second = sorted((trade_name(given["name"]), trade_name(given["alias"])))
    known = select(OrganisationAlias).where(OrganisationAlias.name_key == first, OrganisationAlias.alias_key == second)
    if db.scalar(known) is not None:
        raise Invalid.field("alias", "这一别名已经登记。", ARTICLE)
    if actor.institution_id is None:
        raise NotAllowed("单位别名由召回技术机构工作人员登记。", article=ARTICLE)
    row = OrganisationAlias(
        **given, name_key=first, alias_key=second, added_by_id=actor.person_id,
        institution_id=actor.institution_id, added_at=now,
    )  # fmt: skip
    db.add(row)
    record(db, "organisation_alias_added", now=now, actor=actor, pair=given)
    return row


def remove_alias(db: Session, *, actor: Actor, alias_id: int, now: datetime) -> tuple[str, str]:
    """Take a pair of names off the list, by the institution that put it there; the event keeps it."""
    _require(actor)
    row = db.get(OrganisationAlias, alias_id)
    if row is None:
        raise NotFound
    if row.institution_id != actor.institution_id:
        raise NotAllowed("别名由登记的单位删除。", article=ARTICLE)
    pair = {"name": row.name, "alias": row.alias, "source": row.source}
    record(db, "organisation_alias_removed", now=now, actor=actor, pair=pair)
    db.delete(row)
    return pair["name"], pair["alias"]


def _require(actor: Actor) -> None:
    if not is_granted("edit_expert_register", actor):
        raise NotAllowed("单位别名由召回技术机构工作人员登记。", article=ARTICLE)
