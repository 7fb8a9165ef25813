"""Importing experts from a spreadsheet: uploaded, read by the worker, looked at by a person, taken over as a whole.

The good rows are written in one transaction or not at all; who is on the register by then stops it. A new expert's
account is opened by the security administrator (services.expert_accounts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, undefer

from portal.documents.table_reading import Row, TableRefused, check_table, find_heading, read_table
from portal.models.account import Person
from portal.models.database import Database
from portal.models.expert import Expert, ExpertField, ExpertImport, ExpertRelation, FormerEmployer
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.organisation_lines import read_lines
from portal.services.expert_accounts import taken_usernames, unused_username
from portal.services.expert_entry import ARTICLE
from portal.services.expert_import_rows import NEEDED, RowProblem, Seen, kept_input, read_row, str_list
from portal.services.experts import own_institution
from portal.services.kernel.events import record

AT_ONCE = 250
"""Rows between two looks at the progress."""
PROBLEMS_SHOWN = 50
ROWS_SHOWN = 10
STATE_LABELS = {
    "waiting": "等待读取",
    "reading": "正在读取",
    "read": "待确认",
    "done": "已导入",
    "discarded": "已放弃",
}


@dataclass(frozen=True)
class ImportPage:
    """One import, a page of its problems, and the first of its good rows."""

    found: ExpertImport
    problems: tuple[RowProblem, ...]
    problem_count: int
    page: int
    pages: int
    sample: tuple[Mapping[str, Any], ...]

    @property
    def state_label(self) -> str:
        """The state in words."""
        return STATE_LABELS[self.found.state]

    @property
    def is_under_way(self) -> bool:
        """Whether the worker still has to do with it."""
        return self.found.state in ("waiting", "reading")


def ask_import(db: Session, *, actor: Actor, content: bytes, file_name: str, now: datetime) -> ExpertImport:
    """Keep a spreadsheet until the worker reads it; Invalid at `file` for what is no table."""
    own = own_institution(actor, "edit_expert_register")
    name = file_name.replace("\\", "/").rpartition("/")[2][-120:]
    try:
        check_table(content, name)
    except TableRefused as refused:
        raise Invalid.field("file", str(refused), ARTICLE) from None
    asked = ExpertImport(
        institution_id=own, asked_by_id=actor.person_id, asked_at=now, file_name=name, content=content,
        problems=[], rows=[],
    )  # fmt: skip
    db.add(asked)
    db.flush()
    record(db, "expert_import_asked", now=now, actor=actor, expert_import=asked.id, detail=name)
    return asked


def recent_imports(db: Session, *, actor: Actor, now: datetime) -> Sequence[ExpertImport]:
    """The latest imports of the actor's own register."""
    own = own_institution(actor, "edit_expert_register")
    query = select(ExpertImport).where(ExpertImport.institution_id == own).order_by(ExpertImport.id.desc()).limit(10)
    return db.scalars(query).all()


def import_page(db: Session, *, actor: Actor, import_id: int, now: datetime, page: int = 1) -> ImportPage:
    """One import of the own register; NotFound for any other."""
    found = _own(db, actor, import_id)
    count = len(found.problems)
    pages = max(1, -(-count // PROBLEMS_SHOWN))
    page = min(max(page, 1), pages)
    shown = found.problems[(page - 1) * PROBLEMS_SHOWN : page * PROBLEMS_SHOWN]
    return ImportPage(
        found, tuple(RowProblem(**one) for one in shown), count, page, pages, tuple(found.rows[:ROWS_SHOWN])
    )


def import_problems(db: Session, *, actor: Actor, import_id: int, now: datetime) -> tuple[RowProblem, ...]:
    """Every problem of an import of the own register, in the order of the rows."""
    return tuple(RowProblem(**one) for one in _own(db, actor, import_id).problems)


def confirm_import(db: Session, *, actor: Actor, import_id: int, now: datetime) -> int:
    """Put all good rows on the register in this transaction, without accounts yet; returns how many.

    Refused as a whole when one of them has come onto the register in the meantime.
    """
    found = _own(db, actor, import_id)
    if found.state != "read" or not found.good:
        raise Refusal(f"这份名单{STATE_LABELS[found.state]}，没有可以导入的专家。", article=ARTICLE)
    seen = registered(db, found.institution_id)
    known = [row["name"] for row in found.rows if _is_known(row, seen)]
    if known:
        names = "、".join(known[:10])
        raise Refusal(f"读取之后，{names}等 {len(known)} 人已由他人入库。没有导入任何人，请重新上传。", article=ARTICLE)
    ids = _write(db, found, now)
    record(
        db, "experts_imported", now=now, actor=actor, expert_import=found.id, experts=ids,
        detail=f"{found.file_name}：{len(ids)} 人",
    )  # fmt: skip
    _close(found, "done", now)
    return len(ids)


def discard_import(db: Session, *, actor: Actor, import_id: int, now: datetime) -> None:
    """Let an import go; nothing of it is kept but that there was one."""
    found = _own(db, actor, import_id)
    if found.state in ("done", "discarded"):
        raise Refusal(f"这份名单{STATE_LABELS[found.state]}。", article=ARTICLE)
    record(db, "expert_import_discarded", now=now, actor=actor, expert_import=found.id, detail=found.file_name)
    _close(found, "discarded", now)


def read_waiting(database: Database, now: datetime) -> int:
    """Read what was uploaded, and what a stopped worker left half read; returns how many files."""
    with database.read() as db:
        query = select(ExpertImport.id).where(ExpertImport.state.in_(("waiting", "reading"))).order_by(ExpertImport.id)
        waiting = list(db.scalars(query))
    for import_id in waiting:
        _read(database, import_id, now)
    return len(waiting)


def registered(db: Session, institution_id: int) -> Seen:
    """Who stands on a register, for telling duplicates."""
    seen = Seen()
    rows = db.execute(
        select(Person.name, Person.email, Expert.employer)
        .join(Expert, Expert.person_id == Person.id)
        .where(Expert.institution_id == institution_id)
    )
    for name, email, employer in rows:
        seen.add(name, email, employer, f"专家库中的{name}")
    return seen


def _read(database: Database, import_id: int, now: datetime) -> None:
    with database.read() as db:
        found = db.get_one(ExpertImport, import_id, options=[undefer(ExpertImport.content)])
        content, name, seen = found.content or b"", found.file_name, registered(db, found.institution_id)
    good: list[dict[str, object]] = []
    problems: list[RowProblem] = []
    try:
        rows = list(read_table(content, name))
        heading, labels = find_heading(rows, NEEDED)
        rows = [row for row in rows if row[0] > heading]
        for place, row in enumerate(rows):
            if place % AT_ONCE == 0 and not _tell(database, import_id, place, len(rows)):
                return
            kept, wrong = read_row(row[0], _cells(row, labels), seen, beijing_day(now))
            good += [kept] if kept else []
            problems += wrong
        refusal = "" if rows else "名单中没有专家。"
    except TableRefused as refused:
        rows, good, problems, refusal = [], [], [], str(refused)
    with database.write() as db:
        found = db.get_one(ExpertImport, import_id)
        if found.state == "reading" or refusal:
            found.state, found.total, found.read = "read", len(rows), len(rows)
            found.rows, found.problems, found.refusal = good, [asdict(one) for one in problems], refusal
            found.good, found.bad = len(good), len({one.row for one in problems})


def _cells(row: Row, labels: list[str]) -> dict[str, Any]:
    return {label: cell for label, cell in zip(labels, row[1], strict=False) if label}


def _tell(database: Database, import_id: int, place: int, total: int) -> bool:
    """Write down how far it is; False when somebody has let it go."""
    with database.write() as db:
        found = db.get_one(ExpertImport, import_id)
        if found.state not in ("waiting", "reading"):
            return False
        found.state, found.read, found.total = "reading", place, total
        return True


def _is_known(row: Mapping[str, Any], seen: Seen) -> bool:
    return row["email"].lower() in seen.emails or (row["name"], row["employer"]) in seen.people


def _write(db: Session, found: ExpertImport, now: datetime) -> list[int]:
    """The rows as persons and experts, in a handful of statements."""
    taken = taken_usernames(db)
    people = [
        {
            "username": unused_username(row["username"], taken),
            "name": row["name"],
            "email": row["email"],
            "is_active": False,
            "is_pending": True,
            "created_at": now,
        }
        for row in found.rows
    ]
    in_order = {"sort_by_parameter_order": True}
    person_ids = db.scalars(insert(Person).returning(Person.id, **in_order), people).all()
    inputs = [kept_input(row) for row in found.rows]
    experts = [
        {
            "person_id": person_id,
            "institution_id": found.institution_id,
            **{name: getattr(given, name) for name in ("field", "employer", "employed_from", "title", "languages")},
            "search_text": row["search_text"],
        }
        for person_id, given, row in zip(person_ids, inputs, found.rows, strict=True)
    ]
    ids = list(db.scalars(insert(Expert).returning(Expert.id, **in_order), experts))
    fields = [
        {"expert_id": one, "field_key": key}
        for one, row in zip(ids, found.rows, strict=True)
        for key in str_list(row["fields"])
    ]
    former = [
        {"expert_id": one, "name": line.name, "from_on": line.from_on, "until_on": line.until_on}
        for one, given in zip(ids, inputs, strict=True)
        for line in read_lines(given.former_employers, needs_end=True)
    ]
    relations = [
        {
            "expert_id": one,
            "organisation": line.name,
            "kind": line.kind or "other",
            "from_on": line.from_on,
            "until_on": line.until_on,
        }
        for one, given in zip(ids, inputs, strict=True)
        for line in read_lines(given.relations)
    ]
    for model, lines in ((ExpertField, fields), (FormerEmployer, former), (ExpertRelation, relations)):
        if lines:
            db.execute(insert(model), lines)
    return ids


def _close(found: ExpertImport, state: str, now: datetime) -> None:
    """What was read is personal data, and has served its purpose."""
    found.content, found.rows, found.problems = None, [], []
    found.state, found.finished_at = state, now


def _own(db: Session, actor: Actor, import_id: int) -> ExpertImport:
    options = [undefer(ExpertImport.rows), undefer(ExpertImport.problems)]
    found = db.get(ExpertImport, import_id, options=options)
    if found is None or found.institution_id != own_institution(actor, "edit_expert_register"):
        raise NotFound
    return found
