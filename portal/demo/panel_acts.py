"""How panels are made in the story, and what they return before the session (Art. 8(1), 8(2))."""

from __future__ import annotations

from portal.demo.scene import Scene, act
from portal.services.consultation import invitation, material, panel, preliminary_analysis
from portal.services.consultation.invitation import InvitationAnswer
from portal.services.consultation.material import MaterialInput
from portal.services.consultation.preliminary_analysis import AnalysisInput


@act
def ask_nomination(scene: Scene) -> None:
    """Ask one institution for experts of certain fields."""
    given = scene.given
    panel.ask_nomination(
        scene.db, actor=scene.lead, institution_id=scene.setting.cast.institutions[given["institution"]],
        wanted=given["wanted"], fields=given["fields"], **scene.common,
    )  # fmt: skip


@act
def nominate_members(scene: Scene) -> None:
    """One institution chooses of its own register."""
    cast = scene.setting.cast
    chosen = [
        name for name in scene.given.get("who", scene.chapter.panel) if cast.province_of[name] == scene.moment.who
    ]
    panel.nominate_members(
        scene.db, actor=cast.liaison(scene.institution_id),
        expert_ids=[cast.expert_id(name) for name in chosen], **scene.common,
    )  # fmt: skip


@act
def answer_invitation(scene: Scene) -> None:
    """One expert accepts, with the yearly undertaking where it has lapsed; declines; or declares an interest."""
    given = scene.given
    answer = InvitationAnswer(
        accepts=given.get("accepts", True),
        reason=given.get("reason", ""),
        declaration="declared" if "interest" in given else "none",
        declaration_text=given.get("interest", ""),
        signs_undertaking=True,
    )
    invitation.answer_invitation(scene.db, actor=scene.expert, answer=answer, **scene.common)


@act
def refill_place(scene: Scene) -> None:
    """Invite somebody in the stead of an expert who left."""
    panel.refill_place(
        scene.db, actor=scene.lead, member_id=scene.place_of(scene.given["left"]).id,
        expert_id=scene.setting.cast.expert_id(scene.given["invited"]), **scene.common,
    )  # fmt: skip


@act
def confirm_panel(scene: Scene) -> None:
    """Confirm those who accepted."""
    panel.confirm_panel(
        scene.db, actor=scene.lead, even_reason=scene.given.get("even_reason", ""),
        remove_unanswered=scene.given.get("remove_unanswered", False), **scene.common,
    )  # fmt: skip


@act
def upload_material(scene: Scene) -> None:
    """Upload the material that lies in the storage already; `only` the first so many."""
    chapter = scene.chapter
    pairs = list(zip(chapter.materials, scene.setting.files[chapter.name], strict=True))
    for told, file in pairs[: scene.given.get("only", len(pairs))]:
        material.upload_material(scene.db, actor=scene.applicant, given=_described(told), file=file, **scene.common)


@act
def send_material(scene: Scene) -> None:
    """Send everything in one act."""
    material.send_material(scene.db, actor=scene.applicant, **scene.common)


@act
def add_material(scene: Scene) -> None:
    """Add the last item, with its reason."""
    chapter = scene.chapter
    material.add_material(
        scene.db, actor=scene.applicant, given=_described(chapter.materials[-1]),
        file=scene.setting.files[chapter.name][-1], reason=scene.given["reason"], **scene.common,
    )  # fmt: skip


@act
def save_analysis(scene: Scene) -> None:
    """An expert opens the material and begins to write."""
    _read_material(scene)
    told = scene.opinion
    given = AnalysisInput(hazard=told["hazard"], cause=told.get("cause", ""))
    preliminary_analysis.save_analysis(scene.db, actor=scene.expert, given=given, version=0, **scene.common)


@act
def hand_in_analysis(scene: Scene) -> None:
    """An expert has read the material and hands in the analysis."""
    _read_material(scene)
    told = scene.opinion
    given = AnalysisInput(told["hazard"], told["cause"], told["prevalence"], told["view"])
    preliminary_analysis.hand_in_analysis(scene.db, actor=scene.expert, given=given, version=0, **scene.common)


@act
def tell_lead(scene: Scene) -> None:
    """The applicant tells the lead that the experts have answered."""
    preliminary_analysis.tell_lead(scene.db, actor=scene.applicant, **scene.common)


def _read_material(scene: Scene) -> None:
    for item in material.items_of(scene.db, scene.consultation_id):
        if item.sent_at is not None:
            material.open_material(scene.db, actor=scene.expert, material_id=item.id, **scene.common)


def _described(told: dict[str, str]) -> MaterialInput:
    return MaterialInput(told["kind"], told["title"], told.get("report_number", ""))
