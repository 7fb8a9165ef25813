"""What the minutes fix beside their text: who came, and the digests of the counted sheets (Art. 8(6), 8(7))."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.voting import VotingRound
from portal.rules.editions import Edition
from portal.services.consultation.meeting_minutes_draft import RoundCount, Source, count_rounds, read_source


def fixed_record(db: Session, consultation: Consultation, edition: Edition) -> dict[str, Any]:
    """What is fixed with the text when the minutes are issued; a draft shows it as it would be fixed now."""
    source = read_source(db, consultation, edition, None)
    return {
        "rounds": [_round_record(one) for one in count_rounds(source.rounds, edition)],
        "attendance": attendance_record(source),
        "sheets": digest_record(source.rounds),
    }


def attendance_record(source: Source) -> dict[str, Any]:
    """Host, experts present and absent, and the institutions' staff, over all sessions held; by name."""
    turns = [turn for one in source.sessions for turn in one.turns]
    here = {turn.member_id for turn in turns if turn.has_attended}
    called = {turn.member_id: turn.member.name for turn in turns}
    return {
        "host": "、".join(
            dict.fromkeys(source.persons[one.host_id].name for one in source.sessions if one.host_id is not None)
        ),
        "present": [name for member_id, name in called.items() if member_id in here],
        "excused": [name for member_id, name in called.items() if member_id not in here],
        "attending": [
            institution.short_name + "、".join(names)
            for institution_id, institution in source.institutions.items()
            if (names := _staff_of(source, institution_id))
        ],
    }


def digest_record(rounds: list[VotingRound]) -> list[dict[str, Any]]:
    """The sheets of every counted round, as the closing fixed them: who has the sheets can recount it."""
    return [{"round": one.number, **fixed} for one in rounds if not one.is_void for fixed in one.witness or ()]


def _round_record(one: RoundCount) -> dict[str, Any]:
    return {
        "number": one.number,
        "closed_on": one.closed_on.isoformat(),
        "panel": one.panel,
        "signed": one.signed,
        "questions": [
            {
                "label": question.label,
                "counts": [{"answer": answer, "votes": votes} for answer, votes in question.counts.items()],
                "answer": question.answer,
            }
            for question in one.questions
        ],
    }


def _staff_of(source: Source, institution_id: int) -> list[str]:
    """The institution's participants who came, each once."""
    came = [
        source.persons[participant.person_id].name
        for one in source.sessions
        for participant in one.participants
        if participant.institution_id == institution_id and participant.has_attended
    ]
    return list(dict.fromkeys(came))
