"""What the applicant and the lead do at the beginning, and where a consultation ends early (Art. 4, 6, 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from portal.demo.scene import Scene, act
from portal.rules.application import PreliminaryVerification
from portal.rules.credit_code import check_character
from portal.rules.dates import add_months, beijing_day
from portal.rules.grounds import ApplicationGrounds
from portal.services.consultation import application, handover, panel, watch
from portal.services.consultation.application import ApplicationInput


def application_of(scene: Scene) -> ApplicationInput:
    """The application as the chapter tells it; days are counted back from the story's clock."""
    told, product = scene.chapter.told, dict(scene.chapter.product)
    today = beijing_day(scene.now)
    first, last = product.pop("produced_months_ago", (None, None))
    if first is not None:
        product["produced_from"], product["produced_until"] = add_months(today, -first), add_months(today, -last)
    if code := product.get("credit_code", ""):
        product["credit_code"] = code + check_character(code)
    grounds = dict(told["grounds"])
    arranged = grounds.pop("arranged_days_ago", None)
    verification = told.get("verification", {})
    return ApplicationInput(
        grounds=ApplicationGrounds(
            ticked=frozenset(grounds.pop("ticked")),
            arranged_on=today - timedelta(days=arranged) if arranged else None,
            **grounds,
        ),
        verification=PreliminaryVerification(
            checked=verification.get("checked", ""),
            verified_by=scene.applicant.name if verification else "",
            verified_on=scene.setting.days.before(today) if verification else None,
            result=verification.get("result", ""),
        ),
        information_sources=frozenset(told.get("information_sources", ())),
        product=product,
    )


@act
def create_application(scene: Scene) -> None:
    """Begin the draft, or complete the one that a recall case asked for.

    `without` leaves parts of the product empty, to be corrected later.
    """
    given = application_of(scene)
    left_out = dict.fromkeys(scene.given.get("without", ()), "")
    given = replace(given, product={**given.product, **left_out})
    if scene.chapter.name in scene.setting.consultations:
        _save(scene, given)
        return
    made = application.create_application(scene.db, actor=scene.applicant, given=given, now=scene.now)
    scene.setting.consultations[scene.chapter.name] = made.id


def _save(scene: Scene, given: ApplicationInput) -> None:
    version = scene.consultation.version
    application.save_application(scene.db, actor=scene.applicant, given=given, version=version, **scene.common)


@act
def submit_application(scene: Scene) -> None:
    """Submit to the lead of the day."""
    application.submit_application(scene.db, actor=scene.applicant, **scene.common)


@act
def return_application(scene: Scene) -> None:
    """Return with a reason."""
    application.return_application(scene.db, actor=scene.lead, reason=scene.given["reason"], **scene.common)


@act
def resubmit_application(scene: Scene) -> None:
    """Correct what was missing and submit again."""
    _save(scene, application_of(scene))
    application.resubmit_application(scene.db, actor=scene.applicant, **scene.common)


@act
def accept_application(scene: Scene) -> None:
    """Accept for the lead."""
    application.accept_application(scene.db, actor=scene.lead, **scene.common)


@act
def withdraw_application(scene: Scene) -> None:
    """Withdraw with a reason."""
    application.withdraw_application(scene.db, actor=scene.applicant, reason=scene.given["reason"], **scene.common)


@act
def terminate_consultation(scene: Scene) -> None:
    """End because no lawful panel can be had."""
    panel.terminate_consultation(scene.db, actor=scene.lead, reason=scene.given["reason"], **scene.common)


@act
def hand_over_lead(scene: Scene) -> None:
    """Hand the lead over where the term has turned since the submission; both sides act (Art. 3)."""
    receiver = scene.lead_of_today
    if receiver.institution_id == scene.consultation.lead_institution_id:
        return
    handover.hand_over_lead(scene.db, actor=scene.lead, reason=scene.given["reason"], **scene.common)
    handover.accept_lead(scene.db, actor=receiver, **scene.common)


@act
def continue_watch(scene: Scene) -> None:
    """Write down what the watch has brought, and when to look again."""
    watch.continue_watch(
        scene.db, actor=scene.applicant, text=scene.given["text"],
        next_review_on=scene.day(scene.given["next_review"]), findings=scene.given.get("findings", ()),
        **scene.common,
    )  # fmt: skip
