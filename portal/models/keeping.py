"""What the database itself refuses to lose or to change, whoever asks: signed, issued, archived (Art. 9).

Everything that was signed, issued, sent or handed in is fixed by then; everything of an archived consultation until
its custodian disposed of it lawfully: after the retention period, not on hold, by two people, witnessed by the event
of the first of them. The portal's own services never run into this; it is for everything else that holds a connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Table, UniqueConstraint

from portal.models.archive import ArchiveCheck, ArchivePackage, DisposalCertificate
from portal.models.base import Base
from portal.models.case_document import CaseDocument
from portal.models.consultation import ApplicationGround, PreliminaryVerification, ProductInformation
from portal.models.material import Material
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.online_session import AgendaNote, OnlineSession, SpeakingTurn
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.recall_publication import RecallPublication
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet, VotingRound

MESSAGE = "kept by law: archived or signed records are neither changed nor removed"
_OF_ROUND = "(SELECT r.consultation_id FROM voting_round r WHERE r.id = {row}.round_id)"
_OF_MEMBER = "(SELECT m.consultation_id FROM panel_member m WHERE m.id = {row}.member_id)"
_OF_SESSION = "(SELECT s.consultation_id FROM online_session s WHERE s.id = {row}.session_id)"
_OWN = "{row}.consultation_id"
_NOT_BY_ITSELF = "1 = 0"


@dataclass(frozen=True)
class _Kept:
    """A table of what is archived.

    `fixed` says from when a row stands although nothing is archived yet; `free` are the columns that may change from
    then on until it is archived.
    """

    model: type[Base]
    content: str  # of the record that keeps it: sheets or minutes
    consultation: str = _OWN
    fixed: str = _NOT_BY_ITSELF
    free: tuple[str, ...] = ()

    @property
    def table(self) -> Table:
        return Base.metadata.tables[self.model.__tablename__]


_KEPT = (
    _Kept(ApplicationGround, "sheets"),
    _Kept(ProductInformation, "sheets"),
    _Kept(PreliminaryVerification, "sheets"),
    _Kept(Material, "sheets", fixed="{row}.sent_at IS NOT NULL"),
    _Kept(PreliminaryAnalysis, "sheets", _OF_MEMBER, "{row}.handed_in_at IS NOT NULL"),
    # A signature can be taken back, and a vote become void: the sheet stays as it was signed.
    _Kept(
        ConsultationSheet, "sheets", _OF_ROUND, "{row}.state <> 'draft'", ("state", "left_at", "left_reason", "version")
    ),
    _Kept(OnlineSession, "minutes"),
    _Kept(SpeakingTurn, "minutes", _OF_SESSION),
    _Kept(AgendaNote, "minutes", _OF_SESSION),
    # A member who is recused after the closing makes the round void; what was counted stays.
    _Kept(VotingRound, "minutes", fixed="{row}.closed_at IS NOT NULL", free=("is_void", "close_reason")),
    _Kept(MeetingMinutes, "minutes", fixed="{row}.issued_at IS NOT NULL"),
    # Of a recall case: what was issued, handed in or published stays; how it was served and reviewed comes later.
    _Kept(
        CaseDocument,
        "minutes",
        "NULL",
        "{row}.state <> 'draft'",
        ("state", "received_on", "service_outcome", "review_points", "review_words", "version"),
    ),
    _Kept(RecallPublication, "minutes", "NULL", "1 = 1", ("replaced_at",)),
)
# By kind of official file: whose it is. Nobody destroys a certificate.
_OFFICIAL = {
    "sheet": (
        "sheets",
        (
            "(SELECT r.consultation_id FROM consultation_sheet s JOIN voting_round r ON r.id = s.round_id "
            "WHERE s.id = {row}.subject_id)"
        ),
    ),
    "sheets": ("sheets", "(SELECT r.consultation_id FROM voting_round r WHERE r.id = {row}.subject_id)"),
    "minutes": ("minutes", "(SELECT m.consultation_id FROM meeting_minutes m WHERE m.id = {row}.subject_id)"),
}
_FOR_EVER = (ArchivePackage, ArchiveCheck, DisposalCertificate)
_RECORD_IDENTITY = ("id", "consultation_id", "content", "custodian_id", "archived_on", "archived_at")


def _archived(kept: _Kept) -> str:
    return f"EXISTS (SELECT 1 FROM archive_record a WHERE a.consultation_id = {kept.consultation})"


def _disposed(kept: _Kept) -> str:
    """What ended early has one record, which keeps everything."""
    record = f"SELECT 1 FROM archive_record a WHERE a.consultation_id = {kept.consultation} AND a.content"
    own = f"EXISTS ({record} = '{kept.content}' AND a.disposed_at IS NOT NULL)"
    if kept.content == "sheets":
        return own
    only = f"EXISTS ({record} = 'sheets' AND a.disposed_at IS NOT NULL)"
    return f"({own} OR ({only} AND NOT EXISTS ({record} = 'minutes')))"


def _official_delete_refused() -> str:
    """What went out once is what it is, also before it is archived, until it is lawfully destroyed."""
    lawful = (
        f"(OLD.kind = '{kind}' AND {_disposed(_Kept(OfficialFile, content, consultation))})"
        for kind, (content, consultation) in _OFFICIAL.items()
    )
    return f"NOT ({' OR '.join(lawful)})".format(row="OLD")


def _differs(columns: Iterable[str], dialect: str) -> str:
    if dialect == "sqlite":
        return " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
    # PostgreSQL cannot compare JSON values; their texts say as much.
    return " OR ".join(f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in columns)


def _delete_refused(kept: _Kept) -> str:
    return f"({kept.fixed} OR {_archived(kept)}) AND NOT {_disposed(kept)}".format(row="OLD")


def _update_refused(kept: _Kept, dialect: str) -> str:
    names = [column.name for column in kept.table.columns]
    every = _differs(names, dialect)
    lasting = _differs([name for name in names if name not in kept.free], dialect)
    return (f"NOT {_disposed(kept)} AND (({_archived(kept)} AND ({every})) OR ({kept.fixed} AND ({lasting})))").format(
        row="OLD"
    )


def _record_update_refused(dialect: str) -> str:
    """Identity for ever; the day never earlier; the inventory only longer; disposal only as the law has it."""
    if dialect == "sqlite":
        day = "date({}, '+8 hours')"
        head = "substr({0}.inventory, 1, length(OLD.inventory) - 1)"
    else:
        day = "({} AT TIME ZONE 'Asia/Shanghai')::date"
        head = "left({0}.inventory::text, length(OLD.inventory::text) - 1)"
    columns = [column.name for column in Base.metadata.tables["archive_record"].columns]
    is_lawful = (
        f"{day.format('NEW.disposed_at')} > NEW.keep_until AND NEW.held_at IS NULL "
        "AND NEW.disposal_proposed_by_id <> NEW.disposed_by_id AND EXISTS (SELECT 1 FROM event e "
        "WHERE e.name = 'disposal_proposed' AND e.consultation_id = NEW.consultation_id "
        "AND e.person_id = NEW.disposal_proposed_by_id AND e.institution_id = NEW.custodian_id "
        f"AND {day.format('e.at')} > NEW.keep_until)"
    )
    return " OR ".join(
        (
            f"({_differs(_RECORD_IDENTITY, dialect)})",
            "NEW.keep_until < OLD.keep_until",
            f"{head.format('NEW')} <> {head.format('OLD')}",
            # Whatever is unknown (NULL) is not lawful.
            f"(OLD.disposed_at IS NULL AND NEW.disposed_at IS NOT NULL AND NOT COALESCE({is_lawful}, {_no(dialect)}))",
            f"(OLD.disposed_at IS NOT NULL AND ({_differs(columns, dialect)}))",
        )
    )


def _no(dialect: str) -> str:
    return "0" if dialect == "sqlite" else "FALSE"


def _refusals(dialect: str) -> dict[str, tuple[str, str]]:
    """By table: when to refuse an update, and when a deletion."""
    always = "1 = 1"
    found = {
        "archive_record": (_record_update_refused(dialect), always),
        "official_file": (always, _official_delete_refused()),
        "custody_drill": ("OLD.finished_at IS NOT NULL", always),
        **{model.__tablename__: (always, always) for model in _FOR_EVER},
    }
    for kept in _KEPT:
        found[kept.table.name] = (_update_refused(kept, dialect), _delete_refused(kept))
    return found


def _clash(table: Table) -> str:
    """SQL: a row with one of NEW's keys is there already; `INSERT OR REPLACE` would remove it without asking."""
    keys = [[column.name for column in table.primary_key]]
    keys += [[one.name for one in rule.columns] for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    keys += [
        [one.name for one in table.columns if one.name == column.name] for column in table.columns if column.unique
    ]
    same = (" AND ".join(f"k.{name} = NEW.{name}" for name in names) for names in keys)
    return f"EXISTS (SELECT 1 FROM {table.name} k WHERE {' OR '.join(f'({one})' for one in same)})"


def _sqlite() -> list[str]:
    statements = []
    for name, (update, delete) in _refusals("sqlite").items():
        when = {"update": update, "delete": delete, "insert": _clash(Base.metadata.tables[name])}
        statements += [
            f"CREATE TRIGGER {name}_keep_{verb} BEFORE {verb.upper()} ON {name} "
            f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            for verb, condition in when.items()
        ]
    return statements


def _postgresql() -> list[str]:
    refuse = f"RAISE EXCEPTION '{MESSAGE}'"
    statements = [
        f"CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse}; END $$",
        "CREATE TRIGGER event_keep_truncate BEFORE TRUNCATE ON event EXECUTE FUNCTION refuse_truncate()",
    ]
    for name, (update, delete) in _refusals("postgresql").items():
        body = (
            f"IF TG_OP = 'DELETE' THEN IF {delete} THEN {refuse}; END IF; RETURN OLD; END IF; "
            f"IF {update} THEN {refuse}; END IF; RETURN NEW;"
        )
        statements += [
            f"CREATE FUNCTION keep_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"CREATE TRIGGER {name}_keep BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION keep_{name}()",
            f"CREATE TRIGGER {name}_keep_truncate BEFORE TRUNCATE ON {name} EXECUTE FUNCTION refuse_truncate()",
        ]
    return statements


KEEPING_STATEMENTS = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Statements per dialect that make the refusals; the first migration runs them."""
