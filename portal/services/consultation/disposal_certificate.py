"""销毁证书: fixed in the act that destroys, and on paper from its own text alone (Art. 9)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.table_paper import Column, PaperTable, TablePaper
from portal.models.account import Person
from portal.models.archive import ArchiveRecord, DisposalCertificate
from portal.models.consultation import Consultation
from portal.models.institution import Institution
from portal.models.verification import OfficialFile
from portal.rules.dates import BEIJING, beijing_day
from portal.services.consultation.archive_inventory import CONTENT_LABELS, official_files_of
from portal.services.consultation.sheet_text import chinese_day
from portal.services.kernel.canonical import canonical_json, digest_of_text

TITLE = "销毁证书"
COLUMNS = (Column("已销毁", 2.7), Column("大小", 1.5), Column("SHA-256", 5.4))
NOTE = (
    "以上材料的正文、文件、预览和归档包已依规销毁。清单和校验值长期保存："
    "日后出现的任何一份，都可以用校验值核对是否为原件。"
)


def fix_certificate(
    db: Session, *, consultation: Consultation, number: str, records: Sequence[ArchiveRecord], now: datetime
) -> DisposalCertificate:
    """Write the certificate of what these records of one custodian keep, just before it is destroyed.

    `number` is the consultation's full number. The records are disposed of already, by two people, for one reason.
    """
    first = records[0]
    names = {one.id: one.name for one in db.scalars(select(Person).where(Person.id.in_(_people(first))))}
    product = consultation.product
    said = {
        "title": TITLE,
        "consultation": number,
        "product": f"{product.product_name} {product.model}".strip(),
        "custodian": first.custodian.name,
        "reason": first.disposal_reason,
        "proposed_by": names.get(first.disposal_proposed_by_id or 0, ""),
        "proposed_at": _minute(first.disposal_proposed_at),
        "approved_by": names.get(first.disposed_by_id or 0, ""),
        "approved_at": _minute(now),
        "disposed_on": beijing_day(now).isoformat(),
        "records": [_record(db, record) for record in records],
    }
    text = canonical_json(said)
    certificate = DisposalCertificate(
        consultation_id=consultation.id,
        custodian=db.get_one(Institution, first.custodian_id),
        issued_at=now,
        canonical=text,
        digest=digest_of_text(text),
    )
    db.add(certificate)
    db.flush()
    return certificate


def find_certificate(db: Session, *, consultation_id: int, custodian_id: int | None) -> DisposalCertificate | None:
    """The certificate of what an institution destroyed of a consultation; None where it destroyed nothing."""
    return db.scalar(
        select(DisposalCertificate).where(
            DisposalCertificate.consultation_id == consultation_id, DisposalCertificate.custodian_id == custodian_id
        )
    )


def certificate_paper(certificate: DisposalCertificate) -> TablePaper:
    """The certificate as page, PDF and DOCX have it, read from its canonical text and from nothing else."""
    said: dict[str, Any] = json.loads(certificate.canonical)
    return TablePaper(
        title=said["title"],
        number=said["consultation"],
        facts=(
            ("产品", said["product"]),
            ("保存单位", said["custodian"]),
            ("鉴定意见", said["reason"]),
            ("提出人", f"{said['proposed_by']}　{said['proposed_at']}"),
            ("批准人", f"{said['approved_by']}　{said['approved_at']}"),
        ),
        tables=tuple(_table(record) for record in said["records"]),
        notes=(NOTE,),
        issuer=said["custodian"],
        day=date.fromisoformat(said["disposed_on"]),
        digest=certificate.digest,
    )


def _record(db: Session, record: ArchiveRecord) -> dict[str, Any]:
    return {
        "content": record.content,
        "archived_on": record.archived_on.isoformat(),
        "keep_until": record.keep_until.isoformat(),
        "items": [
            *({"title": item["title"], "size": item["size"], "sha256": item["sha256"]} for item in record.inventory),
            *(
                {"title": f"归档包{package.number}", "size": package.size, "sha256": package.sha256}
                for package in record.packages
            ),
            *(_file(title, file) for title, file in official_files_of(db, record)),
        ],
    }


def _file(title: str, file: OfficialFile) -> dict[str, Any]:
    return {"title": f"{title}（{file.format.upper()}）", "size": file.size, "sha256": file.sha256}


def _table(record: dict[str, Any]) -> PaperTable:
    archived_on, keep_until = date.fromisoformat(record["archived_on"]), date.fromisoformat(record["keep_until"])
    return PaperTable(
        COLUMNS,
        tuple((item["title"], f"{item['size']:,} 字节", item["sha256"]) for item in record["items"]),
        heading=f"{CONTENT_LABELS[record['content']]}（{len(record['items'])}件）",
        facts=(("归档日期", chinese_day(archived_on)), ("保存至", chinese_day(keep_until))),
    )


def _people(record: ArchiveRecord) -> list[int]:
    return [one for one in (record.disposal_proposed_by_id, record.disposed_by_id) if one is not None]


def _minute(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(BEIJING)
    return f"{chinese_day(local.date())} {local:%H:%M}"
