"""A scene: one act of one chapter, with everything it needs at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.demo.chapter import Chapter, Moment
from portal.demo.days import Days
from portal.demo.people import Cast
from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.models.recall_case import CaseConsultation
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.services.consultation.material import UploadedFile
from portal.services.consultation.members import members_of
from portal.services.kernel.lead import lead_on


@dataclass
class Setting:
    """What the scenes share: who is there, the calendar, the files, and the consultation of each chapter."""

    cast: Cast
    days: Days
    files: Mapping[str, Sequence[UploadedFile]]
    consultations: dict[str, int] = field(default_factory=dict)  # by chapter
    cases: dict[str, int] = field(default_factory=dict)  # by chapter


@dataclass(frozen=True)
class Scene:
    """One act: database session and moment, and the people as they stand at that moment."""

    db: Session
    setting: Setting
    moment: Moment

    @property
    def now(self) -> datetime:
        """The story's clock."""
        return self.moment.at

    @property
    def chapter(self) -> Chapter:
        """Whose act it is."""
        return self.moment.chapter

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters of the line."""
        return self.moment.given

    @property
    def consultation_id(self) -> int:
        """The chapter's consultation."""
        return self.setting.consultations[self.chapter.name]

    @property
    def consultation(self) -> Consultation:
        """The same, loaded."""
        return self.db.get_one(Consultation, self.consultation_id)

    @property
    def applicant(self) -> Actor:
        """The liaison who applies."""
        return self.setting.cast.liaison(self.setting.cast.institutions[self.chapter.applicant])

    @property
    def second_of_applicant(self) -> Actor:
        """The other liaison of the applicant."""
        return self.setting.cast.liaison(self.setting.cast.institutions[self.chapter.applicant], 1)

    @property
    def lead(self) -> Actor:
        """A liaison of the lead: where that is the applicant, not the one who applied."""
        lead_id = self.consultation.lead_institution_id
        if lead_id is None:
            raise ValueError(f"{self.chapter.name} has no lead yet")
        return self.setting.cast.liaison(lead_id, 1 if lead_id == self.applicant.institution_id else 0)

    @property
    def lead_of_today(self) -> Actor:
        """A liaison of the institution whose term it is."""
        return self.setting.cast.liaison(lead_on(self.db, self.consultation.alliance_id, beijing_day(self.now)))

    @property
    def expert(self) -> Actor:
        """The expert who acts."""
        return self.setting.cast.actors[self.moment.who]

    @property
    def institution_id(self) -> int:
        """The institution that acts."""
        return self.setting.cast.institutions[self.moment.who]

    @property
    def opinion(self) -> Mapping[str, Any]:
        """What the expert who acts thinks."""
        return self.chapter.panel[self.moment.who]

    @property
    def common(self) -> dict[str, Any]:
        """Consultation and clock, as every service takes them."""
        return {"consultation_id": self.consultation_id, "now": self.now}

    @property
    def officer(self) -> Actor:
        """Who acts in a recall case: whom the line names, else the officer of the chapter."""
        return self.setting.cast.actors[self.given.get("by", self.chapter.told.get("officer"))]

    @property
    def case_id(self) -> int:
        """The chapter's recall case: the one it began, or that its consultation advised."""
        if self.chapter.name in self.setting.cases:
            return self.setting.cases[self.chapter.name]
        advising = self.setting.consultations[self.chapter.advised_by]
        return self.db.get_one(CaseConsultation, advising).case_id

    def files_of(self, titles: Sequence[str]) -> list[UploadedFile]:
        """The chapter's material of these titles, stored already."""
        stored = {
            told["title"]: file
            for told, file in zip(self.chapter.materials, self.setting.files[self.chapter.name], strict=True)
        }
        return [stored[title] for title in titles]

    def place_of(self, username: str) -> PanelMember:
        """An expert's latest place in the panel."""
        expert_id = self.setting.cast.expert_id(username)
        places = [member for member in members_of(self.db, self.consultation_id) if member.expert_id == expert_id]
        return places[-1]

    def day(self, number: int) -> date:
        """A working day of the story."""
        return self.setting.days.day(number)


Act = Callable[[Scene], None]
ACTS: dict[str, Act] = {}


def act(function: Act) -> Act:
    """Let a function carry out the lines of its name in the timelines."""
    ACTS[function.__name__] = function
    return function
