"""What a producer fills in until it is handed in: drafts, photographs, the one version that is signed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models.archive import StorageRemoval
from portal.models.case_document import CaseFile
from portal.process.errors import Invalid, NotAllowed, NotFound, Stale
from portal.services.consultation.material import UploadedFile
from portal.services.recall.answer_drafts import (
    MOST_FILES,
    DraftFiles,
    answer_to_fill,
    hand_in_drafts,
    quantities_by_channel,
    save_answer_draft,
)
from portal.services.recall.case_documents import annex_of, draft_of
from portal.services.recall.producer_answers import Source
from portal.services.recall.producer_request import producer_file
from tests.documents.recall_samples import SAMPLES
from tests.factories.producer import link_for
from tests.factories.recall_story import Story, typed

FIELD = "appearance_photographs"


def picture(number: int = 1) -> UploadedFile:
    return UploadedFile(f"{number}.png", "image/png", 100, f"{number:064x}")


def save(story: Story, source: Source, version: int | None = None, **files: object) -> int:
    draft = save_answer_draft(
        story.db, source=source, act="hand_in_report", annex="producer_report", typed=typed("producer_report"),
        version=version, files=DraftFiles(**files), now=story.now,
    )  # fmt: skip
    return draft.version


def test_photographs_are_the_value_of_their_field_and_go_with_the_report(story: Story) -> None:
    link, token = link_for(story.to_analysis(), "producer_report")
    source = Source(token=token)
    version = save(story, source, photographs={FIELD: [picture(), picture()]}, proof=[picture(2)])
    draft = draft_of(story.db, story.case_id, "producer_report", "producer")
    assert draft is not None
    assert draft.stored_values[FIELD] == [picture().sha256]
    signed = Source(token=token, signed_by="周启明")
    (report,) = hand_in_drafts(story.db, source=signed, what="hand_in_report", versions=[version], now=story.now)
    assert [(file.field, file.link_id) for file in report.files] == [(FIELD, link.id), ("", link.id)]
    assert report.id == draft.id


def test_a_file_that_is_taken_off_leaves_the_storage(story: Story) -> None:
    source = Source(token=link_for(story.to_analysis(), "producer_report")[1])
    version = save(story, source, photographs={FIELD: [picture()]})
    save(story, source, version, removed=[picture().sha256])
    assert not story.db.scalars(select(CaseFile).where(CaseFile.field == FIELD)).all()
    assert story.db.scalars(select(StorageRemoval.key)).all() == [picture().sha256]


def test_a_draft_of_two_hands_and_too_many_files_are_refused(story: Story) -> None:
    source = Source(token=link_for(story.to_analysis(), "producer_report")[1])
    version = save(story, source)
    with pytest.raises(Stale):
        save(story, source, version + 1)
    signed = Source(token=source.token, signed_by="周启明")
    with pytest.raises(Stale):
        hand_in_drafts(story.db, source=signed, what="hand_in_report", versions=[version - 1], now=story.now)
    with pytest.raises(Invalid, match="最多"):
        save(story, source, version, proof=[picture(number) for number in range(MOST_FILES + 1)])


def test_a_link_fills_in_what_it_is_for_and_signs_with_a_name(story: Story) -> None:
    source = Source(token=link_for(story.to_analysis(), "producer_report")[1])
    with pytest.raises(NotAllowed, match="不能用于"):
        answer_to_fill(story.db, source=source, act="hand_in_plan", annex="recall_plan", now=story.now)
    version = save(story, source)
    with pytest.raises(Invalid, match="签署人姓名"):
        hand_in_drafts(story.db, source=source, what="hand_in_report", versions=[version], now=story.now)


def test_quantities_by_channel_are_whole_numbers(story: Story) -> None:
    annex = annex_of(story.case, "interim_summary")
    name = str(annex.field("sales_channels").options[0].value)
    assert quantities_by_channel(annex, {f"channel-{name}": ["1,200"]}) == {name: 1200}
    with pytest.raises(Invalid, match="整数"):
        quantities_by_channel(annex, {f"channel-{name}": ["很多"]})


def test_the_producer_and_who_records_its_paper_each_have_a_draft(story: Story) -> None:
    own = Source(token=link_for(story.to_analysis(), "producer_report")[1])
    version = save(story, own, proof=[picture()])
    given = {"act": "hand_in_report", "annex": "producer_report", "now": story.now}
    on_paper = typed("producer_report", product_name="书面所写的名称")
    saved = save_answer_draft(story.db, source=story.paper, typed=on_paper, version=None, **given)
    officers = answer_to_fill(story.db, source=story.paper, **given)
    assert (officers.document_id, officers.values["product_name"]) == (saved.id, "书面所写的名称")
    assert officers.producers is not None
    assert officers.producers.version == version
    (file,) = officers.producers.files
    producers = answer_to_fill(story.db, source=own, **given)
    assert (producers.version, producers.producers, producers.files) == (version, None, (file,))
    assert producers.values["product_name"] == SAMPLES["producer_report"]["product_name"]

    (report,) = hand_in_drafts(
        story.db, source=story.paper, what="hand_in_report", versions=[saved.version], now=story.now
    )
    assert (report.id, report.revision, report.link_id) == (saved.id, 1, None)
    left = draft_of(story.db, story.case_id, "producer_report", "producer")
    assert left is not None
    assert (left.version, left.files) == (version, [file])


def test_a_producer_does_not_get_at_the_files_of_an_officers_draft(story: Story) -> None:
    token = link_for(story.to_analysis(), "producer_report")[1]
    save(story, story.paper, proof=[picture()])
    file = story.db.scalars(select(CaseFile).where(CaseFile.sha256 == picture().sha256)).one()
    with pytest.raises(NotFound):
        producer_file(story.db, token=token, file_id=file.id, now=story.now)
