"""What each step contributes to the consultation's page: its summary, and why an act is not open yet.

The one list that a new step is added to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.services.consultation import (
    application,
    archive,
    archive_view,
    fees,
    fees_view,
    handover,
    lapse,
    material,
    material_view,
    meeting_minutes,
    meeting_minutes_view,
    online_session,
    online_session_view,
    panel,
    panel_view,
    paper_sheet,
    preliminary_analysis,
    preliminary_analysis_view,
    recall_case_view,
    sheet,
    tally,
    time_poll_view,
    voting,
    voting_summary,
    watch,
)
from portal.services.kernel.loading import Loaded

Summary = Callable[[Session, Loaded, datetime], Any]
WhyNot = Callable[[Session, Loaded, datetime], str | None]

# In the order of the page; the slug names the partial template consultation/<slug>/_summary.html.
SUMMARIES: tuple[tuple[str, Summary], ...] = (
    ("watch", watch.summary),
    ("archive", archive_view.summary),
    ("meeting_minutes", meeting_minutes_view.summary),
    ("recall_case", recall_case_view.summary),
    ("voting", voting_summary.summary),
    ("time_poll", time_poll_view.summary),
    ("online_session", online_session_view.summary),
    ("panel", panel_view.summary),
    ("preliminary_analysis", preliminary_analysis_view.summary),
    ("application", application.summary),
    ("material", material_view.summary),
    ("fees", fees_view.summary),
)

WHY_NOT: dict[str, WhyNot] = {
    **application.WHY_NOT,
    **panel.WHY_NOT,
    **material.WHY_NOT,
    **preliminary_analysis.WHY_NOT,
    **lapse.WHY_NOT,
    **voting.WHY_NOT,
    **sheet.WHY_NOT,
    **paper_sheet.WHY_NOT,
    **tally.WHY_NOT,
    **online_session.WHY_NOT,
    **meeting_minutes.WHY_NOT,
    **archive.WHY_NOT,
    **fees.WHY_NOT,
    **handover.WHY_NOT,
    **watch.WHY_NOT,
}

# Acts that can be done with a written reason while WHY_NOT speaks against them: what the button then says, and
# whether the occasion is there, so that it stands in front and not behind “更多操作”.
BY_EXCEPTION: dict[str, tuple[str, Callable[[Session, Loaded, datetime], bool]]] = {
    "close_vote": ("写明理由，结束表决", voting.is_signing_over),
}
