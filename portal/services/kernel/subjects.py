"""What an obligation is about: how lists and mails call it, and where it stands.

The one place that knows the columns of SUBJECTS (portal.models.obligation). A further subject is a column there, and
here a line in each of `SUBJECT_COLUMNS`, `with_subjects` and `subject_of_row`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ProductInformation, short_number
from portal.models.institution import RotationTerm
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase, RecallProduct
from portal.process.consultation import Stage
from portal.process.ledger import AnyKind
from portal.process.recall_case import Stage as CaseStage
from portal.process.recall_obligations import RecallObligationKind, case_path
from portal.services.kernel.institutions import InstitutionFacts, all_institutions


@dataclass(frozen=True)
class Subject:
    """What an obligation is about. `name` is "" where it is about nothing but its owner.

    `stage`, `applicant_id` and `lead_id` are those of a consultation, `case_stage` and all behind it those of a
    recall case; `number` is the number of either.
    """

    name: str = ""
    model: str = ""  # behind the product's name, for those who may know it
    detail: str = ""  # 上海申请, 南京 召回案件〔2026〕3号
    consultation_id: int | None = None
    term_id: int | None = None
    stage: Stage | None = None
    number: str | None = None
    applicant_id: int | None = None
    lead_id: int | None = None
    recall_case_id: int | None = None
    case_stage: CaseStage | None = None
    authority_id: int | None = None
    in_charge_id: int | None = None
    edition: str = ""  # of the Workflow
    started_on: date | None = None  # the recall

    @property
    def title(self) -> str:
        """Name and model."""
        return " ".join(part for part in (self.name, self.model) if part)

    @property
    def reference(self) -> str:
        """What the number is called, and the number; "" without one."""
        if not self.number:
            return ""
        return f"{'召回案件' if self.recall_case_id is not None else '会诊编号'}：{self.number}"

    @property
    def page(self) -> str:
        """The page of the consultation or of the case; "" where there is neither."""
        if self.recall_case_id is not None:
            return case_path(self.recall_case_id)
        return f"/consultations/{self.consultation_id}" if self.consultation_id is not None else ""

    def path_of(self, kind: AnyKind) -> str:
        """Where what is owed is done, for what is about no consultation; "" otherwise."""
        if isinstance(kind, RecallObligationKind):
            return kind.path_of(self.recall_case_id or 0)
        return kind.path_of(term_id=self.term_id)


SUBJECT_COLUMNS = (
    Obligation.consultation_id, Obligation.recall_case_id, Obligation.term_id, Obligation.year.label("calendar_year"),
    Consultation.stage, Consultation.year, Consultation.serial,
    Consultation.applicant_institution_id, Consultation.lead_institution_id,
    ProductInformation.product_name, ProductInformation.model,
    RecallCase.stage.label("case_stage"), RecallCase.year.label("case_year"), RecallCase.serial.label("case_serial"),
    RecallCase.authority_id, RecallCase.in_charge_id, RecallCase.edition.label("case_edition"), RecallCase.started_on,
    RecallProduct.product_name.label("case_product_name"), RecallProduct.model.label("case_model"),
    RotationTerm.institution_id.label("term_institution_id"), RotationTerm.ends_on,
)  # fmt: skip


def with_subjects(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join what the columns come from to a query over obligations."""
    return (
        query.outerjoin(Consultation, Consultation.id == Obligation.consultation_id)
        .outerjoin(ProductInformation, ProductInformation.consultation_id == Obligation.consultation_id)
        .outerjoin(RecallCase, RecallCase.id == Obligation.recall_case_id)
        .outerjoin(RecallProduct, RecallProduct.case_id == Obligation.recall_case_id)
        .outerjoin(RotationTerm, RotationTerm.id == Obligation.term_id)
    )


def subject_of_row(row: Row[*tuple[Any, ...]], institutions: Mapping[int, InstitutionFacts]) -> Subject:
    """The subject of a row that has SUBJECT_COLUMNS. `institutions` are all of them."""
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
    if row.recall_case_id is not None:
        return _case_of(row, institutions)
    if row.term_id is not None:
        name = institutions[row.term_institution_id].short_name
        day = row.ends_on
        return Subject(name=f"{name}牵头任期（至{day.year}年{day.month}月{day.day}日）", term_id=row.term_id)
    return Subject(name=f"{row.calendar_year}年" if row.calendar_year is not None else "")


def _case_of(row: Row[*tuple[Any, ...]], institutions: Mapping[int, InstitutionFacts]) -> Subject:
    number = short_number(row.case_year, row.case_serial)
    return Subject(
        name=row.case_product_name,
        model=row.case_model or "",
        detail=f"{institutions[row.authority_id].short_name} 召回案件{number}",
        number=number,
        recall_case_id=row.recall_case_id,
        case_stage=CaseStage(row.case_stage),
        authority_id=row.authority_id,
        in_charge_id=row.in_charge_id,
        edition=row.case_edition,
        started_on=row.started_on,
    )


def subjects_of(db: Session, obligation_ids: Iterable[int]) -> dict[int, Subject]:
    """The subjects of obligations, in one statement, by obligation."""
    query = with_subjects(select(Obligation.id, *SUBJECT_COLUMNS).select_from(Obligation))
    institutions = all_institutions(db)
    rows = db.execute(query.where(Obligation.id.in_(list(obligation_ids))))
    return {row.id: subject_of_row(row, institutions) for row in rows}
