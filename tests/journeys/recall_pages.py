"""What officers and producers do on the pages of a recall case, act by act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from portal.rules.recall.annexes import load_annexes
from portal.web.annex_form import AnnexForm
from tests.documents.recall_samples import SAMPLES
from tests.journeys.files import report_pdf

if TYPE_CHECKING:
    from tests.journeys.person import Person

ANNEXES = load_annexes("jiangsu-2025")
DONE = "button[name=do]"


def fill_annex(someone: Person, slug: str, **changed: object) -> None:
    """Type a sample annex into its form, as many rows as it has; what is not among `changed` as in the samples."""
    values = {**SAMPLES[slug], **changed}
    shown = {name: value for name, value in values.items() if ANNEXES[slug].field(name).type != "photographs"}
    raw = AnnexForm.of_values(ANNEXES[slug], shown).raw
    page = someone.page
    for name in {control.partition("-")[0] for control in raw if "-" in control} & _tables(slug):
        rows = 1 + max(int(control.split("-")[1]) for control in raw if control.startswith(f"{name}-"))
        while page.locator(f"[data-growing={name}] [data-row]").count() < rows:
            page.locator(f"button[name=add_row][value={name}]").click()
    # Boxes first: what they ask for can be seen then.
    for name, field in ANNEXES[slug].fields.items():
        for value in field.values if not field.columns else ():
            box = page.locator(f'[name="{name}"][value="{value}"]')
            if box.count() and box.is_checked() is not (str(value) in raw.get(name, ())):
                box.locator("+ label").click()
    for control, texts in raw.items():
        if not _is_box(someone, control):
            page.locator(f'[name="{control}"]').fill(texts[0])


def _tables(slug: str) -> set[str]:
    return {name for name, field in ANNEXES[slug].fields.items() if field.columns}


def _is_box(someone: Person, control: str) -> bool:
    return someone.page.locator(f'[name="{control}"][type=checkbox], [name="{control}"][type=radio]').count() > 0


def open_case(someone: Person, number: str) -> None:
    """From the list to the page of the case."""
    someone.page.goto(f"{someone.address}/recall?tab=all")
    someone.follow(number)


def act(someone: Person, label: str, **fields: str) -> None:
    """Open the page of an act from the case, fill in its fields by their labels, and do it."""
    begin(someone, label)
    for name, words in fields.items():
        someone.fill(name, words)
    someone.press(label)


def begin(someone: Person, label: str) -> None:
    """Open the page of an act; where it stands behind 更多操作, unfold that."""
    link = someone.page.get_by_role("link", name=label, exact=True).first
    if not link.is_visible():
        someone.open_up("更多操作")
    link.click()
    expect(someone.page.get_by_role("heading", level=1)).to_have_text(label)


def attach(someone: Person, name: str = "情况材料.pdf") -> None:
    """Choose the file of an act."""
    file = {"name": name, "mimeType": "application/pdf", "buffer": report_pdf()}
    someone.page.locator("input[type=file]").first.set_input_files(file)


def issue(someone: Person, label: str, slug: str, **changed: object) -> None:
    """Fill in the annex of an act, and issue it."""
    begin(someone, label)
    fill_annex(someone, slug, **changed)
    someone.press(label)


def serve(someone: Person, *, on: str) -> None:
    """Record that the notice that waits was signed for on a day."""
    begin(someone, "登记送达")
    someone.tick("收件人签收")
    page = someone.page
    for name, words in {
        "servers": "葛一凡、沈嘉禾", "recipient_name": "何静", "recipient_signature": "何静", "served_on": on,
        "received_on": on,
    }.items():  # fmt: skip
        page.locator(f'[name="{name}"]').fill(words)
    someone.press("登记送达")
    someone.sees("送达已登记")
