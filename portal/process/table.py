"""What a process is made of: steps, transitions, obligations, permissions, and the guard that reads them.

Each process fills these shapes with its own stages and relations (consultation.py, recall_case.py), so that
pages, services and tests read both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from portal.process.errors import NotAllowed, NotFound, WrongStage

AStage = TypeVar("AStage", bound=StrEnum)
ABy = TypeVar("ABy", bound=StrEnum)
AnOwner = TypeVar("AnOwner", bound=StrEnum)
ARelation = TypeVar("ARelation", bound=StrEnum)


@dataclass(frozen=True)
class StepOf(Generic[AStage]):
    """One of the steps that the page shows."""

    slug: str
    label: str
    stages: tuple[AStage, ...]


@dataclass(frozen=True)
class TransitionOf(Generic[AStage, ABy]):
    """One act. `next` is None where the stage stays, or where the service decides among `alternatives`."""

    act: str
    label: str
    event: str
    stages: tuple[AStage, ...]
    by: tuple[ABy, ...]
    next: AStage | None
    says: str  # what the timeline says happened
    article: str | None = None
    alternatives: tuple[AStage, ...] = ()
    decided: bool = False


@dataclass(frozen=True)
class ObligationKindOf(Generic[AStage, AnOwner]):
    """A kind of obligation.

    `opens_on_entry`: stages whose entering opens it for its owner at once. Kinds owed by many, or that
    begin with another act, are opened by their service. All are closed when a stage outside `stages` is entered.
    `closed_by` are the acts that meet it; `act` is the one whose page its button leads to, or the permission to
    look at a page, where it is done or where being there is all that is owed. `then` names stages in which the
    button leads elsewhere, as part of it is done: (stage, act, button).
    """

    kind: str
    label: str  # what is to be done, on the dashboard
    ask: str  # what is asked for, at the head of a mail's subject: 请签署
    thing: str  # the thing that it is about, behind the product: 会诊表
    button: str
    owner: AnOwner
    act: str
    stages: tuple[AStage, ...]
    opens_on_entry: tuple[AStage, ...] = ()
    limit: str | None = None
    article: str | None = None
    closed_by: tuple[str, ...] = ()
    then: tuple[tuple[AStage, str, str], ...] = ()
    is_private: bool = False  # shown to who owes it, and to nobody else
    is_dated: bool = False  # without a limit of the edition, but a person sets its date
    opening: str | None = None  # the mail that says that it is owed now, where the clock begins it

    @property
    def has_deadline(self) -> bool:
        """Whether it can have a deadline."""
        return self.limit is not None or self.is_dated

    @property
    def may_wait(self) -> bool:
        """Whether it can be owed without a deadline; a dated one is so only while its date has come."""
        return not self.has_deadline

    def act_in(self, stage: AStage) -> str:
        """The act, or the permission to look, whose page the button leads to in `stage`."""
        return next((act for then, act, _ in self.then if then is stage), self.act)

    def button_in(self, stage: AStage) -> str:
        """The words of the button in `stage`."""
        return next((button for then, _, button in self.then if then is stage), self.button)


@dataclass(frozen=True)
class PermissionOf(Generic[ARelation, AStage]):
    """Who may do or see one thing. `stages` None means any stage."""

    name: str
    relations: frozenset[ARelation] = frozenset()
    stages: frozenset[AStage] | None = None
    is_act: bool = False
    label: str = ""
    public: bool = False  # also signed out
    # Further lines: who else, and in which stages.
    besides: tuple[tuple[frozenset[ARelation], frozenset[AStage]], ...] = ()

    def is_held(self, held: frozenset[ARelation], stage: AStage) -> bool:
        """Whether somebody with the relations `held` has it in `stage`."""
        in_stage = self.stages is None or stage in self.stages
        if in_stage and self.relations & held:
            return True
        return any(stage in then and others & held for others, then in self.besides)


class Cited(Protocol):
    """What a refusal says of an act: its label and its article."""

    @property
    def label(self) -> str:
        """The words of the act's button."""

    @property
    def article(self) -> str | None:
        """The key of its article; None where the act was decided without one."""


@dataclass(frozen=True)
class Guard(Generic[ARelation, AStage]):
    """Reads one process's permissions. `seeing`: any of these makes the object exist for a person."""

    permissions: Mapping[str, PermissionOf[ARelation, AStage]]
    seeing: tuple[str, ...]
    acts: Mapping[str, Cited]
    stage_labels: Mapping[AStage, str]

    def may(self, name: str, held: frozenset[ARelation], stage: AStage) -> bool:
        """Whether somebody with the relations `held` has the permission `name` in `stage`; KeyError if unknown."""
        return self.permissions[name].is_held(held, stage)

    def authorise(
        self, name: str, held: frozenset[ARelation], stage: AStage, cite: Callable[[str], str] | None = None
    ) -> None:
        """Raise the refusal that fits, or return.

        What a person may not see does not exist for them (NotFound); an act that is somebody else's on an object
        they see is NotAllowed; the right person in the wrong stage meets WrongStage. `cite` puts the article into the
        message, where it is not the Standard's.
        """
        permission = self.permissions[name]
        if permission.is_held(held, stage):
            return
        if not any(self.may(seeing, held, stage) for seeing in self.seeing) or not permission.is_act:
            raise NotFound
        line = self.acts[name]
        words, article = "", line.article
        if cite is not None and article is not None:
            words, article = f"（{cite(article)}）", None
        if permission.relations & held:
            raise WrongStage(f"现在是“{self.stage_labels[stage]}”阶段，不能{line.label}{words}。", article=article)
        raise NotAllowed(f"{line.label}由其他单位或人员办理，您不能代为办理{words}。", article=article)
