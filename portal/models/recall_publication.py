"""What the public may read of a recall. The public pages read this table and nothing else, so nothing else can leak."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of

PUBLICATION_KINDS = ("recall", "warning", "sanction")


class RecallPublication(Base):
    """A publication: of a recall with annexes 6 and 7, a public warning, or a sanction (Art. 15, 19).

    It holds copies, made when it was published. A later version of a recall replaces the earlier one on the list.
    """

    __tablename__ = "recall_publication"
    __table_args__ = (
        one_of("kind", PUBLICATION_KINDS),
        UniqueConstraint("province", "year", "serial"),
        Index("ix_recall_publication_listed", "replaced_at", "published_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    province: Mapped[str] = mapped_column(String(20))
    year: Mapped[int]
    serial: Mapped[int]
    edition: Mapped[str] = mapped_column(String(60))
    authority: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(300))
    product_name: Mapped[str] = mapped_column(String(120))
    product_class: Mapped[str] = mapped_column(String(60), default="")
    brand: Mapped[str] = mapped_column(String(120), default="")
    model: Mapped[str] = mapped_column(String(300), default="")
    batches: Mapped[str] = mapped_column(Text, default="")
    producer: Mapped[str] = mapped_column(String(120))
    affected_quantity: Mapped[int | None]
    begins_on: Mapped[date | None]
    defect: Mapped[str] = mapped_column(Text, default="")
    consequence: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text, default="")  # of a warning or a sanction
    recall_plan: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # annex 6 as stored, without its photographs
    press_release: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # annex 7 as stored
    # Photographs of annex 6: [{"sha256": …, "content_type": …, "title": …}].
    pictures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    searched: Mapped[str] = mapped_column(Text)  # what the search looks at, case folded
    published_at: Mapped[datetime] = mapped_column(Instant)
    replaced_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def number(self) -> str:
        """〔2026〕3号, within its province."""
        return f"〔{self.year}〕{self.serial}号"
