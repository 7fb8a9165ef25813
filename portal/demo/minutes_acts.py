"""Minutes, receipts, archive and fees of the story (Art. 8(7), 9, 10)."""

from __future__ import annotations

from sqlalchemy import select

from portal.demo.scene import Scene, act
from portal.models.fee import ExpertFee
from portal.models.meeting_minutes import MeetingMinutes
from portal.rules.dates import beijing_day
from portal.services.consultation import archive, fees, meeting_minutes
from portal.services.consultation.meeting_minutes_draft import PARTS


@act
def issue_minutes(scene: Scene) -> None:
    """Issue the draft as it was composed."""
    draft = scene.db.scalars(
        select(MeetingMinutes).where(
            MeetingMinutes.consultation_id == scene.consultation_id, MeetingMinutes.issued_at.is_(None)
        )
    ).one()
    meeting_minutes.issue_minutes(
        scene.db, actor=scene.lead, parts={name: getattr(draft, name) for name in PARTS}, version=draft.version,
        **scene.common,
    )  # fmt: skip


@act
def confirm_receipt(scene: Scene) -> None:
    """One institution confirms that its copy has come; the lead has none to confirm."""
    if scene.institution_id != scene.lead.institution_id:
        actor = scene.setting.cast.liaison(scene.institution_id)
        meeting_minutes.confirm_receipt(scene.db, actor=actor, **scene.common)


@act
def archive_consultation(scene: Scene) -> None:
    """The applicant archives."""
    archive.archive_consultation(scene.db, actor=scene.applicant, **scene.common)


@act
def propose_fees(scene: Scene) -> None:
    """Enter what the experts are owed at the applicant's rates."""
    fees.propose_fees(scene.db, actor=scene.applicant, **scene.common)


@act
def record_fee(scene: Scene) -> None:
    """Enter one item beside the rates, for the expert and the work that the line names."""
    given = scene.given
    member = scene.place_of(given["expert"])
    fees.record_fee(
        scene.db, actor=scene.applicant, member_id=member.id, work=given["work"], amount=given["amount"],
        reason=given["reason"], **scene.common,
    )  # fmt: skip


@act
def approve_fees(scene: Scene) -> None:
    """Another person of the applicant approves."""
    fees.approve_fee(scene.db, actor=scene.second_of_applicant, fee_ids=_fees(scene, "due"), **scene.common)


@act
def pay_fees(scene: Scene) -> None:
    """The applicant has paid."""
    fees.pay_fee(
        scene.db, actor=scene.applicant, fee_ids=_fees(scene, "approved"), paid_on=beijing_day(scene.now),
        voucher=scene.given["voucher"], **scene.common,
    )  # fmt: skip


def _fees(scene: Scene, state: str) -> list[int]:
    query = select(ExpertFee.id).where(ExpertFee.consultation_id == scene.consultation_id, ExpertFee.state == state)
    return list(scene.db.scalars(query.order_by(ExpertFee.id)))
