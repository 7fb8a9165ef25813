"""What an obligation is about: how lists and mails call it, and where it stands.

The one place that knows the columns of SUBJECTS (portal.models.obligation). A further subject is a column there, and
here a line in each of `SUBJECT_COLUMNS`, `with_subjects` and `subject_of_row`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ProductInformation, short_number
from portal.models.institution import RotationTerm
from portal.models.obligation import Obligation
from portal.process.consultation import Stage
from portal.services.kernel.institutions import InstitutionFacts, technical_institutions


@dataclass(frozen=True)
class Subject:
    """What an obligation is about. `name` is "" where it is about nothing but its owner.

    `stage`, `number`, `applicant_id` and `lead_id` are those of a consultation.
    """

    name: str = ""
    model: str = ""  # behind the product's name, for those who may know it
    detail: str = ""  # 上海申请
    consultation_id: int | None = None
    term_id: int | None = None
    stage: Stage | None = None
    number: str | None = None
    applicant_id: int | None = None
    lead_id: int | None = None

    @property
    def title(self) -> str:
        """Name and model."""
        return " ".join(part for part in (self.name, self.model) if part)


SUBJECT_COLUMNS = (
    Obligation.consultation_id, Obligation.term_id, Obligation.year.label("calendar_year"),
    Consultation.stage, Consultation.year, Consultation.serial,
    Consultation.applicant_institution_id, Consultation.lead_institution_id,
    ProductInformation.product_name, ProductInformation.model,
    RotationTerm.institution_id.label("term_institution_id"), RotationTerm.ends_on,
)  # fmt: skip


def with_subjects(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join what the columns come from to a query over obligations."""
    return (
        query.outerjoin(Consultation, Consultation.id == Obligation.consultation_id)
        .outerjoin(ProductInformation, ProductInformation.consultation_id == Obligation.consultation_id)
        .outerjoin(RotationTerm, RotationTerm.id == Obligation.term_id)
    )


def subject_of_row(row: Row[*tuple[Any, ...]], institutions: Mapping[int, InstitutionFacts]) -> Subject:
    """The subject of a row that has SUBJECT_COLUMNS."""
    if row.consultation_id is not None:
        return Subject(
            name=row.product_name,
            model=row.model or "",
            detail=f"{institutions[row.applicant_institution_id].short_name}申请",
            consultation_id=row.consultation_id,
            stage=Stage(row.stage),
            number=short_number(row.year, row.serial),
            applicant_id=row.applicant_institution_id,
            lead_id=row.lead_institution_id,
        )
    if row.term_id is not None:
        name = institutions[row.term_institution_id].short_name
        day = row.ends_on
        return Subject(name=f"{name}牵头任期（至{day.year}年{day.month}月{day.day}日）", term_id=row.term_id)
    return Subject(name=f"{row.calendar_year}年" if row.calendar_year is not None else "")


def subjects_of(db: Session, obligation_ids: Iterable[int]) -> dict[int, Subject]:
    """The subjects of obligations, in one statement, by obligation."""
    query = with_subjects(select(Obligation.id, *SUBJECT_COLUMNS).select_from(Obligation))
    institutions = technical_institutions(db)
    rows = db.execute(query.where(Obligation.id.in_(list(obligation_ids))))
    return {row.id: subject_of_row(row, institutions) for row in rows}
