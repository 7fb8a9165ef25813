"""The simulated year itself: the clock, the people, the workers, the operator, and the count at the end."""

from __future__ import annotations

import multiprocessing
import os
import random
import time as wall
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from benchmarks.year_acts import Act, Story, story
from benchmarks.year_mail import FailingServer
from benchmarks.year_oracle import Oracle, Stretch, stretch_of
from benchmarks.year_worker import work
from portal.migrations import upgrade
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.institution import InstitutionHead
from portal.models.obligation import Obligation, ReminderSent
from portal.models.outbox import OutboxMessage
from portal.process.errors import Refusal
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import shipped_calendar
from portal.services import outbox
from portal.services.consultation.archive import archive_overdue
from tests.factories.world import World, build_world

START = datetime(2025, 12, 1, 7, 0, tzinfo=BEIJING)  # a Monday; Jiangsu leads until 20 November 2026
WORKERS = 3
_WORKED = (time(8, 30), time(9), time(11), time(13, 30), time(15, 30), time(17, 30), time(22))
_OFF = (time(12),)
_MINUTE = timedelta(minutes=1)
_IS_REMINDER = OutboxMessage.kind.startswith("reminder")
_PATIENCE = 300.0
_NIGHT = timedelta(hours=10)
# A small process of its own has everything loaded and makes the workers: they start in no time, without any thread.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["benchmarks.year_worker", "portal.mail.composition", "portal.mail.connection"])


@dataclass
class Counts:
    """What became of the reminders of a year. All is well when nothing is missing, twice, or too late."""

    consultations: int = 0
    obligations: int = 0
    acts: int = 0
    kills: int = 0
    outages: int = 0
    dialogues: int = 0
    failed_dialogues: int = 0
    resent: int = 0
    recorded: int = 0
    due: int = 0
    given_way: int = 0
    withdrawn: int = 0
    delivered: int = 0
    twice: int = 0
    after_done: int = 0
    missing: int = 0
    not_due: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether each due reminder was delivered once, and nothing else was."""
        return self.due == self.delivered + self.withdrawn and not (
            self.twice or self.after_done or self.missing or self.not_due
        )


class Year:
    """The controller: the clock, the people, the workers and the operator."""

    def __init__(self, folder: Path, consultations: int, kills: int, days: int, seed: int) -> None:
        self.folder, self.days = folder, days
        self.counts = Counts(consultations=consultations)
        self.chosen = random.Random(seed)
        self.url = f"sqlite:///{folder}/portal.sqlite3"
        self.database = Database(self.url)
        self.now = START
        self._kills = kills
        self._workers: dict[int, BaseProcess] = {}
        self._started = 0
        self._open: dict[int, Stretch] = {}
        self._applicants: dict[int, int] = {}

    def run(self) -> Counts:
        """Live through the year."""
        began = wall.monotonic()
        upgrade(self.database.engine)
        with self.database.write() as db:
            self.world = build_world(db, now=START)
            self.oracle = _oracle(db, self.world)
        with FailingServer(0.1, random.Random(self.chosen.random()), lambda: self.now) as self.server:
            self._set_clock(START)
            self._hire()
            try:
                self._live()
            finally:
                self._dismiss()
        self._count()
        self.database.dispose()
        self.counts.seconds = wall.monotonic() - began
        return self.counts

    def _live(self) -> None:
        ticks = list(_ticks(self.days))
        stories = self._begin_stories(ticks)
        down = self._outages(len(ticks))
        up = [number for number in range(len(ticks)) if number not in down]
        killed_at = Counter(self.chosen.choices(up, k=self._kills))
        for number, tick in enumerate(ticks):
            self._set_clock(tick)
            if number in down:
                self._dismiss()
            else:
                self._hire()
                self._let_work(killed_at[number])
                self.oracle.looks.append(tick)
            self._act(stories, tick + _MINUTE)
            if tick.astimezone(BEIJING).time() == time(22) and number not in down:
                self._operate(tick + 2 * _MINUTE)
        # A night more, in which nothing comes due and what waits for another try leaves.
        while self._is_anything_unsettled() and self.now < ticks[-1] + _NIGHT:
            self._set_clock(self.now + timedelta(minutes=20))
            self._hire()
            self._let_work(0)
            self.oracle.looks.append(self.now)
            self._operate(self.now + _MINUTE)

    def _begin_stories(self, ticks: list[datetime]) -> list[tuple[datetime, Act, Story]]:
        last = max(1, int(len(ticks) * (0.9 if self.days > 100 else 0.5)))
        begun = []
        for _ in range(self.counts.consultations):
            told = story(self.world, random.Random(self.chosen.random()))
            _, act = next(told)
            begun.append((ticks[self.chosen.randrange(last)], act, told))
        return begun

    def _outages(self, ticks: int) -> set[int]:
        """Ticks at which all workers are down: about one outage in three months, of up to three days."""
        down: set[int] = set()
        for _ in range(max(1, self.days // 90)):
            first = self.chosen.randrange(ticks // 3, max(ticks // 3 + 1, ticks - 40))
            down |= set(range(first, min(first + self.chosen.randint(6, 18), ticks - 1)))
            self.counts.outages += 1
        return down

    def _act(self, stories: list[tuple[datetime, Act, Story]], now: datetime) -> None:
        for place, (due, act, told) in enumerate(stories):
            while due <= now:
                with suppress(Refusal), self.database.write() as db:
                    act(db, now)
                    db.flush()
                    # Reminders alone are counted: the other mail of an act would only cost time.
                    db.execute(delete(OutboxMessage).where(~_IS_REMINDER))
                    self.counts.acts += 1
                days, act = next(told, (1e6, act))
                due = max(due, now) + timedelta(days=min(days, 4000) * 1.4)
            stories[place] = (due, act, told)
        with self.database.write() as db:
            archive_overdue(db, now)
            db.execute(delete(OutboxMessage).where(~_IS_REMINDER))
        self._keep_books(now)

    def _keep_books(self, now: datetime) -> None:
        """Note what was opened, moved and closed by the acts of this tick."""
        with self.database.read() as db:
            rows = db.execute(select(*_LEDGER).where(Obligation.closed_at.is_(None))).all()
            found = {row.id: row for row in rows}
            for number in [one for one in self._open if one not in found]:
                self._open.pop(number).end = now
            for number, row in found.items():
                known = self._open.get(number)
                if known is not None and (known.since_at, known.due_at) == (row.since_at, row.due_at):
                    continue
                if known is not None:
                    known.end = now
                self._open[number] = stretch_of(row, self._applicant(db, row.consultation_id), now)
                self.oracle.stretches.append(self._open[number])

    def _applicant(self, db: Session, consultation_id: int) -> int:
        if consultation_id not in self._applicants:
            found = db.get_one(Consultation, consultation_id).applicant_institution_id
            self._applicants[consultation_id] = found
        return self._applicants[consultation_id]

    def _operate(self, now: datetime) -> None:
        """What the operator does once a day: what the server's log has is left alone, the rest is sent again."""
        taken = {message_id for message_id, _ in self.server.taken}
        with self.database.write() as db:
            unclear = db.scalars(select(OutboxMessage).where(OutboxMessage.state.in_(("failed", "uncertain")))).all()
            for message in unclear:
                given = {"actor": self.world.administrator, "message_id": message.id, "now": now}
                if message.message_id not in taken:
                    outbox.resend_message(db, **given)
                    self.counts.resent += 1
                else:
                    outbox.record_delivered(db, **given)
                    self.counts.recorded += 1

    def _set_clock(self, now: datetime) -> None:
        self.now = now
        path = self.folder / "clock"
        path.with_suffix(".new").write_text(now.isoformat())
        path.with_suffix(".new").replace(path)

    def _hire(self) -> None:
        while len(self._workers) < WORKERS:
            self._started += 1
            arguments = (self.folder, self.server.port, self._started, os.getpid())
            worker = _PROCESSES.Process(target=work, args=arguments, daemon=True)
            worker.start()
            self._workers[self._started] = worker

    def _dismiss(self) -> None:
        for number in list(self._workers):
            self._kill(number)

    def _kill(self, number: int) -> None:
        worker = self._workers.pop(number)
        worker.kill()  # SIGKILL
        worker.join()
        worker.close()
        (self.folder / f"idle-{number}").unlink(missing_ok=True)

    def _let_work(self, kills: int) -> None:
        """Wait until nothing is due any more and every worker that is up has seen that; kill some meanwhile."""
        until = wall.monotonic() + _PATIENCE
        for _ in range(kills):
            wall.sleep(self.chosen.uniform(0, 0.08))
            self._kill(self.chosen.choice(list(self._workers)))
            self.counts.kills += 1
            self._hire()
        while not (self._are_idle() and not self._is_anything_due()):
            if wall.monotonic() > until:
                raise TimeoutError(f"the workers do not come to an end at {self.now}")
            wall.sleep(0.004)

    def _are_idle(self) -> bool:
        seen = [self.folder / f"idle-{number}" for number in self._workers]
        return all(path.exists() and path.read_text() == self.now.isoformat() for path in seen)

    def _is_anything_due(self) -> bool:
        with self.database.read() as db:
            owed = select(Obligation.id).where(Obligation.closed_at.is_(None), Obligation.remind_at <= self.now)
            waiting = select(OutboxMessage.id).where(
                OutboxMessage.state == "queued", OutboxMessage.next_try_at <= self.now
            )
            return db.scalar(owed.limit(1)) is not None or db.scalar(waiting.limit(1)) is not None

    def _is_anything_unsettled(self) -> bool:
        with self.database.read() as db:
            unsettled = select(OutboxMessage.id).where(OutboxMessage.state.not_in(("sent", "withdrawn")))
            return db.scalar(unsettled.limit(1)) is not None

    def _count(self) -> None:
        due, self.counts.given_way = self.oracle.due()
        with self.database.read() as db:
            rows = db.execute(
                select(
                    ReminderSent.obligation_id, ReminderSent.step, ReminderSent.person_id, ReminderSent.due_at,
                    OutboxMessage.message_id, OutboxMessage.state, Obligation.closed_at,
                )
                .join(Obligation, Obligation.id == ReminderSent.obligation_id)
                .join(
                    OutboxMessage,
                    (OutboxMessage.obligation_id == ReminderSent.obligation_id)
                    & (OutboxMessage.person_id == ReminderSent.person_id)
                    & (OutboxMessage.created_at == ReminderSent.sent_at)
                    & (OutboxMessage.about_at == ReminderSent.due_at),
                )
                .where(ReminderSent.step != "opened")
            ).all()  # fmt: skip
            self.counts.obligations = db.scalar(select(func.count()).select_from(Obligation)) or 0
        taken = Counter(message_id for message_id, _ in self.server.taken)
        at = dict(self.server.taken)
        told = {(row.obligation_id, row.step, row.person_id, row.due_at): row for row in rows}
        delivered = {item for item, row in told.items() if taken[row.message_id]}
        withdrawn = {item for item, row in told.items() if row.state == "withdrawn" and item not in delivered}
        self.counts.due, self.counts.delivered = len(due), len(delivered & due)
        self.counts.withdrawn = len(withdrawn & due)
        self.counts.missing = len(due - delivered - withdrawn)
        self.counts.not_due = len(delivered - due)
        self.counts.twice = sum(count - 1 for count in taken.values())
        self.counts.after_done = sum(
            at[row.message_id] >= row.closed_at for row in rows if row.closed_at and row.message_id in at
        )
        self.counts.steps = dict(sorted(Counter(key.partition(".")[0] for _, key, _, _ in delivered).items()))
        self.counts.dialogues = self.server.dialogues
        self.counts.failed_dialogues = sum(self.server.failures.values())


_LEDGER = (
    Obligation.id, Obligation.kind, Obligation.consultation_id, Obligation.institution_id, Obligation.person_id,
    Obligation.since_at, Obligation.due_at,
)  # fmt: skip


def _oracle(db: Session, world: World) -> Oracle:
    heads = {}
    for key in ("shanghai", "anhui"):
        person_id = world.staff[key].person_id
        heads[world.institutions[key]] = person_id
        db.add(InstitutionHead(institution_id=world.institutions[key], person_id=person_id, from_on=beijing_day(START)))
    return Oracle(
        liaisons={world.institutions[key]: [one.person_id for one in pair] for key, pair in world.liaisons.items()},
        heads=heads,
        registers={one.person_id: world.institutions[key] for key, many in world.experts.items() for one in many},
        lead_id=world.institutions["jiangsu"],
    )


def _ticks(days: int) -> Iterator[datetime]:
    """The moments to which the clock is set, a little after the hours at which reminders come."""
    calendar = shipped_calendar()
    for number in range(days):
        day = beijing_day(START) + timedelta(days=number)
        for at in _WORKED if calendar.mark(day).counted else _OFF:
            yield datetime.combine(day, at, tzinfo=BEIJING).astimezone(UTC)
