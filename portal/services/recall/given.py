"""What people give with an act of a recall case: texts, days, choices, files. Each refusal names field and article."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, CaseFile, ProducerLink
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid, Refusal
from portal.process.permissions import Actor
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.problem import Problem
from portal.rules.recall.editions import RecallEdition
from portal.services.consultation.material import UploadedFile

LONGEST_TEXT = 5000


def required_text(text: str, name: str, *, field: str = "reason", longest: int = LONGEST_TEXT) -> str:
    """The text, stripped; Invalid beside its field when it is empty or too long."""
    given = text.strip()
    if not given:
        raise Invalid.field(field, f"请填写{name}。")
    if len(given) > longest:
        raise Invalid.field(field, f"{name}最长 {longest} 个字，现为 {len(given)} 个。")
    return given


def future_day(day: date | None, name: str, *, field: str, now: datetime) -> date:
    """A day after today; Invalid beside its field otherwise."""
    if day is None or day <= beijing_day(now):
        raise Invalid.field(field, f"{name}应当晚于今天。")
    return day


def past_day(day: date | None, name: str, *, field: str, now: datetime, since: date | None = None) -> date:
    """Today or an earlier day, not before `since`; Invalid beside its field otherwise."""
    if day is None or day > beijing_day(now):
        raise Invalid.field(field, f"请填写{name}，不能晚于今天。")
    if since is not None and day < since:
        raise Invalid.field(field, f"{name}不能早于{since:%Y-%m-%d}。")
    return day


def chosen(edition: RecallEdition, kind: str, given: str, name: str, *, field: str) -> str:
    """One entry of a list of the edition; Invalid beside its field for anything else."""
    if given not in {choice.name for choice in edition.choices[kind]}:
        raise Invalid.field(field, f"请选择{name}。")
    return given


def chosen_many(edition: RecallEdition, kind: str, given: Collection[str], name: str, *, field: str) -> list[str]:
    """One entry of a list of the edition or several, in its order; Invalid for none and for anything else."""
    known = [choice.name for choice in edition.choices[kind]]
    if not given or set(given) - set(known):
        raise Invalid.field(field, f"请选择{name}。")
    return [name for name in known if name in given]


def refuse(message: str, article: str, edition: RecallEdition) -> Refusal:
    """A refusal that names the workflow's article in its words."""
    return Refusal(f"{message}（{edition.cite_in_full(article)}）。")


def in_words(problems: Iterable[Problem]) -> list[Problem]:
    """Problems whose message names the article already: the article itself would be read as the Standard's."""
    return [replace(problem, article="") for problem in problems]


def noon_of(day: date) -> datetime:
    """An instant within a day, for what is known by its day alone. The day itself does not count in a limit."""
    return datetime.combine(day, time(12), tzinfo=BEIJING)


def keep_files(
    db: Session,
    case: RecallCase,
    files: Sequence[UploadedFile],
    *,
    now: datetime,
    actor: Actor | None,
    event: str = "",
    document: CaseDocument | None = None,
    field: str = "",
    link: ProducerLink | None = None,
) -> list[str]:
    """Keep files with the act that they came with, or with a document; returns their SHA-256 for the event."""
    for file in files:
        db.add(
            CaseFile(
                case_id=case.id, document_id=document.id if document is not None else None, event=event, field=field,
                title=file.filename.rpartition(".")[0][:120] or file.filename[:120], filename=file.filename,
                content_type=file.content_type, size=file.size, sha256=file.sha256, uploaded_at=now,
                person_id=actor.person_id if actor is not None else None, link_id=link.id if link is not None else None,
            )
        )  # fmt: skip
    return [file.sha256 for file in files]
