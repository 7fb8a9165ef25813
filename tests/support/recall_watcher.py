"""What holds of a recall case at any time, and between two moments of its walk.

Said anew here, in few words of its own: nothing that is watched is asked of the code that is watched.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from sqlalchemy import Row, String, bindparam, select, text, type_coerce

from portal.models.account import Person
from portal.models.case_document import CaseDocument
from portal.models.event import Event
from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.process.errors import NotAllowed, NotFound, Refusal, WrongStage
from portal.process.permissions import Actor, Role
from portal.process.recall_case import Stage
from portal.process.recall_obligations import RECALL_OBLIGATIONS, Owner
from portal.services.kernel.case_loading import load_case
from portal.services.kernel.events import broken_links
from portal.services.recall.consultation_result import case_of
from portal.services.recall.listing import CaseFilter, list_cases
from portal.services.recall.producer_request import producer_document, producer_request
from portal.services.recall.publications import PublicationFilter, published
from portal.services.recall.review import asked_consultation
from tests.factories.recall_walk import PURPOSES, Attempt, Walk
from tests.support.recall_limits import BEIJING, PERIOD, after_months, after_working_days, end_of, working_days_of

_NUMBER = re.compile(r"(.+〔\d{4}〕)(\d+)号")
RESTS_ON = {
    "issue_investigation_notice": "decide_review",
    "accept_report": "hand_in_report",
    "conclude_without_recall": "record_investigation_report",
    "issue_recall_notice": "record_investigation_report",
    "forward_escalation": "submit_escalation",
    "record_order": "forward_escalation",
    "resume_investigation": "forward_escalation",
}
"""What was done in the same stage before an act."""
COMES_FROM = {
    Stage.OBJECTION: {"raise_objection"},
    Stage.PUBLICATION: {"accept_plan"},
    Stage.IMPLEMENTING: {"publish_recall", "return_summary"},
    Stage.SUMMARY: {"hand_in_summary"},
    Stage.FILING: {"accept_summary", "warn_public"},
    Stage.ESCALATED: {"record_silence", "record_noncompliance"},
    Stage.NOTIFIED: {"issue_recall_notice"},
    Stage.CONSULTING: {"ask_consultation"},
}
"""The acts by which a stage is entered."""
OUTCOMES = {
    "close_clue": "unfounded",
    "decide_review": "no_defect",
    "accept_report": "report_convincing",
    "conclude_without_recall": "not_established",
    "uphold_objection": "objection_upheld",
    "end_case_watch": "watch_ended",
}
OWN_ANNEXES = {
    "producer_report": {"producer_report"},
    "recall_plan": {"recall_plan", "press_release", "recall_statement", "objection"},
    "recall_summary": {"interim_summary", "recall_summary"},
}
NOTICE = {"producer_report": "investigation_notice", "recall_plan": "recall_notice", "recall_summary": "recall_notice"}
"""What the holder of a link may read, by its purpose: annexes of the producer, and one notice once it was served."""
DOCUMENTS, OWED, LINKS, PUBLIC, PARTICIPANTS, MAIL = 1, 2, 3, 4, 5, 8
"""Where these stand in what follows."""
_ALL = text(
    "SELECT (SELECT stage||version||authority_id||area||coalesce(in_charge_id,0)||recall_number FROM recall_case"
    " WHERE id=:c),"
    " (SELECT group_concat(id||state||version) FROM case_document WHERE case_id=:c),"
    " (SELECT group_concat(id||coalesce(due_at,'')||coalesce(closed_at,'')||coalesce(institution_id,''))"
    " FROM obligation WHERE recall_case_id=:c),"
    " (SELECT group_concat(id||coalesce(revoked_at,'')||coalesce(token_digest,'')) FROM producer_link),"
    " (SELECT group_concat(id||kind||coalesce(replaced_at,'')) FROM recall_publication),"
    " (SELECT group_concat(institution_id||role) FROM case_participant),"
    " (SELECT group_concat(id||stage) FROM consultation),"
    " (SELECT count(*)||'-'||max(id) FROM event), (SELECT count(*)||'-'||sum(state='queued') FROM outbox_message),"
    " (SELECT count(*) FROM case_file), (SELECT sum(quantity) FROM recall_progress), (SELECT count(*) FROM obligation),"
    " (SELECT count(*) FROM system_upload), (SELECT defect||consequence FROM recall_product WHERE case_id=:c)"
)


_ID = bindparam("case")
_D, _O = CaseDocument, Obligation
_SETTLED = select(
    _D.id, _D.annex, _D.revision, _D.number, type_coerce(_D.stored_values, String), _D.settled_at, _D.dated_on,
    _D.signed_by, _D.due_at, _D.is_late, _D.made_by,
).where(_D.case_id == _ID, _D.state != "draft")  # fmt: skip
_OWED = select(
    _O.id, _O.kind, _O.institution_id, _O.role, _O.due_at, _O.since_at, _O.closed_at, _O.is_met
).where(_O.recall_case_id == _ID)  # fmt: skip
_MAIL = (
    select(OutboxMessage.id, Person.institution_id)
    .join(Person, Person.id == OutboxMessage.person_id)
    .where(OutboxMessage.id > bindparam("after"), OutboxMessage.recall_case_id == _ID)
)
_EVENTS = select(Event).where(Event.id > bindparam("after")).order_by(Event.id)
_READ = (
    select(_D.id, _D.annex, _D.made_by, _D.service_outcome)
    .where(_D.case_id == _ID, _D.state != "draft")
    .order_by(_D.id)
)


class Watcher:
    """Looks on while a walk goes on: `check` after every act that was tried."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.db, self.chance = walk, walk.db, Random(walk.seed)  # a sample, and no secret
        self.settled: dict[int, Row[Any]] = {}
        self.dues: dict[int, Row[Any]] = {}
        self.seen: set[tuple[Any, ...]] = set()
        self.here: list[str] = []  # acts done since the stage was entered
        self.came_by = "record_clue" if walk.stage is Stage.CLUE else "receive_voluntary_plan"
        self.public: Counter[str] = Counter()
        self.interim = 0
        self.last_mail, self.last_event = 0, self.db.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
        self.institutions = {one.id: one for one in self.db.scalars(select(Institution))}
        self.state = self._state()
        self.limits(None)
        self.visibility()
        self.mail()

    def _state(self) -> tuple[Any, ...]:
        """All that an act may change, in short."""
        return tuple(self.db.execute(_ALL, {"c": self.walk.case_id}).one())

    def look(self) -> None:
        """Take what happened beside the case as it is."""
        self.state = self._state()

    def check(self, attempt: Attempt, before: Stage, refused: Refusal | None) -> None:
        """After an act that was tried in the stage `before`."""
        line, then = attempt.line, self.state
        self.state = self._state()
        if refused is not None:
            assert self.state == then, "a refused act changes nothing"
            assert [*self.db.dirty, *self.db.new] == [], "a refused act leaves nothing to be written"
            if before not in line.stages:
                assert isinstance(refused, WrongStage | NotAllowed | NotFound), "out of turn"
            return
        self.trail(attempt, before)
        self.event(attempt)
        if self.state[OWED] != then[OWED] or self.walk.stage is not before:
            self.limits(attempt)
        self.visibility()
        if self.state[MAIL] != then[MAIL]:
            self.mail()
        if self.state[DOCUMENTS] != then[DOCUMENTS]:
            self.documents()
        if self.state[PUBLIC] != then[PUBLIC] or line.act in ("publish_recall", "warn_public", "sanction_producer"):
            self.publication(attempt)
        if any(self.state[part] != then[part] for part in (DOCUMENTS, LINKS)):
            self.holders()

    def finish(self) -> None:
        """At the end of a walk."""
        assert not list(broken_links(self.db)), "the chain of events"
        self.publication(None)
        self.holders()

    def trail(self, attempt: Attempt, before: Stage) -> None:
        """No step is skipped: each act in its stages, each stage by its acts, and what it rests on was done."""
        line, case, stage, act = attempt.line, self.walk.case, self.walk.stage, attempt.line.act
        assert before in line.stages, "no act out of turn"
        ways = {line.next or before, *line.alternatives}
        assert stage in (ways if line.next or line.alternatives else {before}), "as the table says"
        rest = RESTS_ON.get(act)
        assert rest is None or rest in self.here, f"{act} without {rest}"
        is_provinces = case.authority.division.endswith("0000") and case.authority.division[:2] in ("32", "33", "34")
        if act in ("issue_recall_notice", "conclude_without_recall") and is_provinces:
            assert "assess_risk" in self.here, "the province's own finding rests on an assessment of the risk"
        if act in ("accept_plan", "return_plan"):
            assert "hand_in_plan" in (self.came_by, *self.here), "a plan before its review"
        if act == "take_consultation_result":
            asked = asked_consultation(self.db, case.id)
            assert asked is not None
            assert asked.stage in ("issued", "archived", "withdrawn", "terminated", "discarded")
        if act == "ask_consultation":
            asked = asked_consultation(self.db, case.id)
            assert asked is not None
            assert (asked.stage, case_of(self.db, asked)) == ("draft", case)
            assert (asked.product.producer, asked.product.batch) == (case.product.producer, case.product.batches)
        self.here = [*self.here, act]
        if stage is not before:
            self.here, self.came_by = [], act
            assert act in COMES_FROM.get(stage, {act}), f"{stage} by {act}"
        if stage in (Stage.PRODUCER_ANALYSIS, Stage.INVESTIGATION):  # a producer that recalls by itself needs none
            assert case.discovered_at is not None or case.is_voluntary, "a defect was found possible"
        assert (case.closed_at is not None) is (stage is Stage.CLOSED) is (case.outcome is not None)
        if stage is Stage.CLOSED and stage is not before:
            warned = "warned" if self.public["warning"] and not self.public["recall"] else case.outcome
            assert case.outcome == OUTCOMES.get(act, warned), "the outcome"

    def limits(self, attempt: Attempt | None) -> None:
        """What is owed: by whom, once, until when; and what was owed stays as it was, or is closed."""
        case, stage = self.walk.case, self.walk.stage
        rows = self.db.execute(_OWED, {"case": case.id}).all()
        for one in rows:
            known = self.dues.get(one.id)
            if known is None:
                expected = self.due(one, attempt)
                assert one.due_at == expected, f"{one.kind} is due at {one.due_at}, not at {expected}"
            else:
                assert (one.due_at, one.since_at) == (known.due_at, known.since_at), f"{one.kind} was moved"
                assert known.closed_at is None or one[6:] == known[6:], f"{one.kind} was closed and stays so"
            self.dues[one.id] = one
        owed = [one for one in rows if one.closed_at is None]
        for one in owed:
            kind = RECALL_OBLIGATIONS[one.kind]
            assert stage in kind.stages, f"{one.kind} is not owed in {stage}"
            assert one.due_at is not None or not kind.has_deadline, f"no limit of {one.kind}"
            if kind.owner is Owner.AUTHORITY:
                assert one.institution_id == case.authority_id, f"{one.kind} is the authority's"
            elif kind.owner is Owner.PRODUCER:
                assert one.role == "producer", f"{one.kind} is the producer's"
        assert len({(one.kind, one.institution_id) for one in owed}) == len(owed), "owed once"
        assert owed or stage is Stage.CLOSED, f"nothing is owed in {stage}"
        assert case.next_due_at == min((one.due_at for one in owed if one.due_at is not None), default=None)

    def due(self, one: Row[Any], attempt: Attempt | None) -> datetime | None:
        """When something is due that was opened just now."""
        case, kind = self.walk.case, RECALL_OBLIGATIONS[one.kind]
        act = attempt.line.act if attempt is not None else ""
        if one.kind == "hand_in_interim_summary":
            self.interim = 1 if act == "publish_recall" else self.interim + 1
            assert case.started_on is not None
            return end_of(after_months(case.started_on, PERIOD * self.interim))
        if kind.limit is None or act == "return_summary":
            days = [*_days_in(attempt.given)] if attempt is not None else []
            return end_of(days[0]) if kind.is_dated or act == "return_summary" else None
        start: date | None = self.walk.now.astimezone(BEIJING).date()
        if one.kind in ("raise_objection", "hand_in_noticed_plan"):
            start = self._of_notice("received_on")
        elif one.kind == "hand_in_summary":
            start = case.completed_on
        elif one.kind == "serve_notice" and act == "record_service":
            start = self._of_unserved()
        assert start is not None, f"{one.kind} has nothing to count from"
        return end_of(after_working_days(start, working_days_of(one.kind, kind.limit)))

    def _of_notice(self, column: str) -> Any:
        query = select(getattr(CaseDocument, column)).where(
            CaseDocument.case_id == self.walk.case_id, CaseDocument.annex == "recall_notice"
        )
        return self.db.scalar(query.order_by(CaseDocument.id.desc()).limit(1))

    def _of_unserved(self) -> date:
        query = select(CaseDocument.settled_at).where(
            CaseDocument.case_id == self.walk.case_id, CaseDocument.number != "", CaseDocument.received_on.is_(None)
        )
        made = self.db.scalar(query.order_by(CaseDocument.id).limit(1))
        assert made is not None
        return made.astimezone(BEIJING).date()

    def event(self, attempt: Attempt) -> None:
        """The log has grown by what was done, behind what stood there."""
        new = list(self.db.scalars(_EVENTS, {"after": self.last_event.id}))
        told = [one for one in new if one.name == attempt.line.event]
        assert [one.recall_case_id for one in told] == [self.walk.case_id], "one act, one event"
        by = attempt.actor.person_id if attempt.actor is not None else None
        assert (told[0].person_id, told[0].at) == (by, self.walk.now.astimezone(UTC))
        assert told[0].stage in (None, self.walk.stage)
        assert new[0].previous_digest == self.last_event.digest
        self.last_event = new[-1]

    def documents(self) -> None:
        """What is settled stays, and numbers have no gap."""
        serials: dict[str, list[int]] = defaultdict(list)
        for one in self.db.execute(_SETTLED, {"case": self.walk.case_id}):
            assert self.settled.setdefault(one.id, one) == one, "what is settled stays"
            late = one.due_at is not None and one.settled_at is not None and one.settled_at >= one.due_at
            assert one.is_late is late, "late is what came after its limit"
            if one.number:
                found = _NUMBER.fullmatch(one.number)
                assert found is not None, one.number
                serials[found[1]].append(int(found[2]))
        for series, given in serials.items():
            assert sorted(given) == list(range(1, len(given) + 1)), f"{series} has a gap"

    def publication(self, attempt: Attempt | None) -> None:
        """The public reads what was published, and nothing else."""
        if attempt is not None:
            kinds = {"publish_recall": "recall", "warn_public": "warning", "sanction_producer": "sanction"}
            kind = kinds.get(attempt.line.act)
            assert kind is not None, f"{attempt.line.act} publishes"
            if kind == "sanction":
                self.public[kind] += "publication" in attempt.given["measures"]
            else:
                self.public[kind] = 1 if kind == "recall" else self.public[kind] + 1  # the earlier one is replaced
        read = published(self.db, wanted=PublicationFilter())
        labels = {"召回": "recall", "消费警示": "warning", "惩戒信息": "sanction"}
        assert Counter(labels[one.kind] for one in read.rows) == +self.public, "what the public reads"
        if self.walk.stage in (Stage.IMPLEMENTING, Stage.SUMMARY):
            assert self.public["recall"] == 1, "published before it is carried out"

    def mail(self) -> None:
        """Whoever is written to may see the case."""
        for number, institution_id in self.db.execute(_MAIL, {"case": self.walk.case_id, "after": self.last_mail}):
            assert self.is_of_it(self.institutions[institution_id]), "mail to who may not see the case"
            self.last_mail = max(self.last_mail, number)

    def visibility(self) -> None:
        """The page of everybody and the lists of some show the case to whom it concerns, and to nobody else."""
        case = self.walk.case
        where = (case.authority_id, case.area, self.state[PARTICIPANTS])
        if where in self.seen:
            return
        self.seen.add(where)
        self.takes_part = {role: set(self.walk.takes_part(role)) for role in ("county", "technical")}
        listed = self.chance.sample(
            self.walk.people, 3
        )  # the page is asked for everybody: a list takes ten times as long
        for actor in self.walk.people:
            institution = self.institutions.get(actor.institution_id or 0)
            is_at_work = bool({Role.OFFICER, Role.STAFF} & actor.roles)
            expected = is_at_work and institution is not None and self.is_of_it(institution)
            assert self._can_open(actor) is expected, f"the page for {actor.name}"
            if actor in listed:
                assert self._is_listed(actor) is expected, f"the list for {actor.name}"

    def is_of_it(self, institution: Institution) -> bool:
        """Whether the case concerns an institution: it handles it, its area holds it, or it was asked to help."""
        case, code = self.walk.case, institution.division or ""
        if institution.kind == "technical":
            return institution.id in self.takes_part["technical"]
        if institution.id == case.authority_id or case.area.startswith(code.rstrip("0") or code):
            return True
        return institution.id in self.takes_part["county"] and code.startswith(case.authority.division.rstrip("0"))

    def _can_open(self, actor: Actor) -> bool:
        try:
            load_case(self.db, actor=actor, case_id=self.walk.case_id, permission="view_case", now=self.walk.now)
        except NotFound:
            return False
        return True

    def _is_listed(self, actor: Actor) -> bool:
        try:
            page = list_cases(self.db, actor=actor, wanted=CaseFilter(tab="all"), now=self.walk.now)
        except NotAllowed:
            return False
        return self.walk.case_id in {one.id for one in page.cases}

    def holders(self) -> None:
        """Who holds a link reads what its purpose needs, while it is in force."""
        if not self.walk.links:
            return
        everything = self.db.execute(_READ, {"case": self.walk.case_id}).all()
        live = self.walk.live_links()
        for link_id, (purpose, token) in self.walk.links.items():
            if link_id not in live:
                try:
                    producer_request(self.db, token=token, now=self.walk.now)
                except NotAllowed:
                    continue
                raise AssertionError(f"a link that was ended opens: {purpose}")
            found = producer_request(self.db, token=token, now=self.walk.now)
            seen = {one.document.id for one in found.handed_in}
            assert seen == {one.id for one in everything if one.annex in OWN_ANNEXES[purpose]}, "own documents"
            notices = [one for one in everything if one.annex == NOTICE[purpose]]
            served = notices[-1].id if notices and notices[-1].service_outcome else None
            assert (found.notice.id if found.notice is not None else None) == served, "the notice, once it was served"
            assert {one.act for one in found.acts} == {act for act, named in PURPOSES.items() if purpose in named}
            others = [one.id for one in everything if one.id not in seen and one.id != served]
            for document_id in others[-1:]:
                try:
                    producer_document(self.db, token=token, document_id=document_id, now=self.walk.now)
                except NotFound:
                    continue
                raise AssertionError(f"a link for {purpose} shows another document")


def _days_in(given: Any) -> list[date]:
    """The days that a person has set."""
    days = [value for name, value in given.items() if name.endswith("_on") and isinstance(value, date)]
    typed = given.get("typed")
    return [*days, *([typed.values["report_due_on"]] if typed is not None and "report_due_on" in typed.values else [])]
