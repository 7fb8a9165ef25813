"""An annex on its page, for the producer with a link and for the officer who records paper: draft, files, problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from flask import request

from portal.process.errors import Invalid, Refusal
from portal.rules.problem import Problem
from portal.rules.recall.annex_check import check_annex, check_plan_agrees
from portal.rules.recall.editions import RecallEdition
from portal.services.consultation.material import UploadedFile, store_upload
from portal.services.kernel.storage_removal import queue_removal
from portal.services.recall.answer_drafts import (
    ANNEXES_OF,
    BY_CHANNEL,
    LARGEST_PHOTOGRAPH,
    PHOTOGRAPH_KINDS,
    DraftFiles,
    answer_to_fill,
    channel_rows,
    quantities_by_channel,
    raw_channels,
    require_room,
    save_answer_draft,
)
from portal.services.recall.case_documents import Typed
from portal.services.recall.producer_answers import Source
from portal.web.acting import look, now, settings, write
from portal.web.annex_controls import Photograph
from portal.web.annex_form import AnnexForm
from portal.web.stored_files import storage

if TYPE_CHECKING:
    from portal.models.case_document import CaseFile
    from portal.services.recall.producer_drafts import AnnexToFill

FileUrl = Callable[["CaseFile"], str]


class AnnexFilling:
    """One annex of an act of the producer: what is saved, and after `receive` what came with this request."""

    def __init__(self, source: Source, act: str, slug: str, edition: RecallEdition, file_url: FileUrl) -> None:
        self.source, self.act, self.slug, self.edition = source, act, slug, edition
        self._file_url = file_url
        self._load()
        fill, pictures = self.fill, self._pictures()
        if fill.raw is not None:
            self.form = AnnexForm.from_raw_json(fill.annex, fill.raw, pictures)
        else:
            self.form = AnnexForm.of_values(fill.annex, fill.values, pictures)
        self.has_refused_files = False
        self.channel_problem = ""

    def receive(self) -> int | None:
        """Save everything that was typed and chosen, whatever is wrong with it; None once it is saved.

        Where it was refused as a whole (another save came first, too often), the status of the refusal, which stands
        on the form. A file that is not let in is a problem of its field; the rest is saved all the same.
        """
        form = AnnexForm.typed(self.fill.annex, request.form, self._pictures())
        try:
            look(require_room, source=self.source, act=self.act)
        except Refusal as refused:
            return self._refuse(form, refused)
        photographs, proof, problems = _uploads(form)
        files = DraftFiles(photographs, proof, request.form.getlist("remove_photograph"))
        raw = form.raw_to_json()
        if self.act in BY_CHANNEL:
            raw |= raw_channels(form.annex, request.form)
        try:
            write(
                save_answer_draft, source=self.source, act=self.act, annex=self.slug, typed=Typed(form.values, raw),
                version=request.form.get("version", type=int), files=files, now=now(),
            )  # fmt: skip
        except Invalid as refused:
            problems += refused.problems
            give_up(photographs, proof)
        except Refusal as refused:
            give_up(photographs, proof)
            return self._refuse(form, refused)
        self._load()
        self.form = AnnexForm.typed(self.fill.annex, request.form, self._pictures())
        self.has_refused_files = bool(problems)
        for problem in problems:
            self.form.add(problem)
        return None

    def _refuse(self, form: AnnexForm, refused: Refusal) -> int:
        self.form = form
        form.add(Problem("", refused.message, ""))
        return refused.status

    def status_to_stay(self) -> int | None:
        """After `receive`: the status with which the page is shown again, None where one goes on.

        One stays where a row came or went, where a file was refused, and where what is said to be done is not.
        """
        if self.form.is_row_change:
            return 200
        is_done = "do" in request.form
        if is_done:
            self.check()
        return Invalid.status if self.form.problems and (is_done or self.has_refused_files) else None

    def check(self) -> None:
        """Look for what is missing or contradictory, so that the page shows it."""
        self.form.merge(check_annex(self.form.annex, self.form.values, self.edition))
        try:
            if self.act in BY_CHANNEL:
                quantities_by_channel(self.form.annex, self.raw)
        except Invalid as refused:
            self.channel_problem = refused.message
            for problem in refused.problems:
                self.form.add(problem)

    @property
    def fill(self) -> AnnexToFill:
        """The annex with its draft."""
        return self._fill

    @property
    def raw(self) -> Mapping[str, Sequence[str]]:
        """Everything as it was typed, the quantities by channel included."""
        return self.fill.raw or {}

    @property
    def version(self) -> int | None:
        """The version of the draft; None where nothing was saved yet."""
        return self.fill.version

    @property
    def state(self) -> str:
        """How far the draft is: empty, kept (as it was returned), lacking or complete. Only after `check`."""
        if self.fill.version is None and self.fill.returned is None:
            return "empty"
        return "lacking" if self.form.problems else "complete" if self.fill.version is not None else "kept"

    @property
    def channels(self) -> list[tuple[str, str, str]]:
        """The sales channels with what was typed for each; none where this annex does not tell them apart."""
        return channel_rows(self.form.annex, self.raw) if self.act in BY_CHANNEL else []

    @property
    def producers_form(self) -> AnnexForm | None:
        """For an officer who records paper: what the producer has typed through its link so far, to be read."""
        draft = self.fill.producers
        if draft is None:
            return None
        pictures = shown_files(draft.files, self._file_url).pictures
        return AnnexForm.from_raw_json(self.fill.annex, draft.raw or {}, pictures)

    @property
    def proof(self) -> list[Photograph]:
        """The files that are no photographs."""
        return [self._shown(file) for file in self.fill.files if not file.field]

    def _load(self) -> None:
        self._fill: AnnexToFill = look(answer_to_fill, source=self.source, act=self.act, annex=self.slug)

    def _pictures(self) -> dict[str, list[Photograph]]:
        found: dict[str, list[Photograph]] = {}
        for file in self.fill.files:
            if file.field:
                found.setdefault(file.field, []).append(self._shown(file))
        return found

    def _shown(self, file: CaseFile) -> Photograph:
        return Photograph(file.sha256, file.filename, file.size, self._file_url(file))


@dataclass(frozen=True)
class Shown:
    """A file of a document that stands, as `Photograph`s by field and the rest."""

    pictures: Mapping[str, Sequence[Photograph]]
    others: Sequence[Photograph]


def shown_files(files: Sequence[CaseFile], file_url: FileUrl) -> Shown:
    """The files of a document for its page."""
    pictures: dict[str, list[Photograph]] = {}
    others = []
    for file in files:
        one = Photograph(file.sha256, file.filename, file.size, file_url(file))
        if file.field:
            pictures.setdefault(file.field, []).append(one)
        else:
            others.append(one)
    return Shown(pictures, others)


def fillings_of(source: Source, act: str, edition: RecallEdition, file_url: FileUrl) -> list[AnnexFilling]:
    """The annexes of an act, checked one by one."""
    found = [AnnexFilling(source, act, slug, edition, file_url) for slug in ANNEXES_OF[act]]
    for one in found:
        one.check()
    return found


def is_ready(fillings: Sequence[AnnexFilling], edition: RecallEdition) -> bool:
    """Whether all of it can be handed in: complete and of one mind, and after a return not just what was returned."""
    states = {one.state for one in fillings}
    return states <= {"complete", "kept"} and "complete" in states and not disagreements(fillings, edition)


def disagreements(fillings: Sequence[AnnexFilling], edition: RecallEdition) -> list[Problem]:
    """Where the three annexes of a plan name different quantities."""
    if len(fillings) < 3:
        return []
    plan, press_release, statement = (one.form.values for one in fillings)
    return list(check_plan_agrees(plan, press_release, statement, edition))


def take_proof(name: str = "proof") -> tuple[list[UploadedFile], list[Problem]]:
    """The files that came as proof, stored; and what is wrong with those that are not let in."""
    return _stored(name, only=(), limit=settings().upload_limit_bytes)


def give_up(photographs: Mapping[str, Sequence[UploadedFile]], proof: Sequence[UploadedFile]) -> None:
    """Files that were stored for a save that was refused go when nothing refers to them."""
    keys = [file.sha256 for several in (*photographs.values(), proof) for file in several]
    if keys:
        write(queue_removal, keys=keys, now=now())


def _uploads(form: AnnexForm) -> tuple[dict[str, list[UploadedFile]], list[UploadedFile], list[Problem]]:
    photographs, problems = {}, []
    limit = min(LARGEST_PHOTOGRAPH, settings().upload_limit_bytes)
    for field in form.annex.fields.values():
        if field.type == "photographs":
            photographs[field.name], wrong = _stored(field.name, only=PHOTOGRAPH_KINDS, limit=limit)
            problems += wrong
    proof, wrong = take_proof()
    return photographs, proof, problems + wrong


def _stored(name: str, *, only: tuple[str, ...], limit: int) -> tuple[list[UploadedFile], list[Problem]]:
    taken, problems = [], []
    for chosen in request.files.getlist(name):
        if not chosen.filename:
            continue
        try:
            taken.append(
                store_upload(
                    storage(),
                    cast("BinaryIO", chosen.stream),
                    chosen.filename,
                    article="",
                    only=only,
                    limit_bytes=limit,
                )
            )
        except Invalid as refused:
            problems.append(Problem(name, f"“{chosen.filename[:60]}”没有保存：{refused.message}", ""))
    return taken, problems
