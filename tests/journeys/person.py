"""Somebody at a browser: does what a person does, finds things by the words on them, and notices every error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.surfer import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# What Chromium itself notes for an answer that refuses; a refusal is no error of the page.
_REFUSAL = re.compile(r"the server responded with a status of (403|404|409|422) ")
MOST_TABS = 60
_OPTIONAL = r"(\s*选填)?$"


class Person:
    """One person with a browser window of their own.

    `troubles` collects what the console of the window complains about: a breach of the policy, a script that fails.
    """

    def __init__(self, username: str, page: Page, address: str, pictures: Path | None) -> None:
        self.username = username
        self.page = page
        self.address = address
        self.pictures = pictures
        self.troubles: list[str] = []
        self._attend(page)

    def _attend(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._listen)
        page.on("dialog", lambda dialog: dialog.accept())

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _REFUSAL.search(message.text):
            self.troubles.append(f"{self.page.url}: {message.text}")

    def log_in(self) -> None:
        """Open the portal, which asks for the log-in where there is none."""
        self.page.goto(self.address)
        if self.page.get_by_role("button", name="登录", exact=True).count():
            self.fill("账号", self.username)
            self.fill("密码", PASSWORD)
            self.press("登录")
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("登录")

    def leave(self) -> None:
        """Close what is open."""
        self.page.goto("about:blank")

    def log_in_with_the_keyboard(self) -> None:
        """The same without a mouse."""
        self.page.goto(self.address)
        self.reach("账号")
        self.page.keyboard.type(self.username)
        self.reach("密码")
        self.page.keyboard.type(PASSWORD)
        self.keys("Enter")
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("登录")

    def reach(self, words: str) -> None:
        """Go on with the tab key until what begins with these words has the focus, which can be seen."""
        beginning = re.compile(f"^{re.escape(words)}")
        wanted = self.page.get_by_label(beginning)
        for role in ("link", "button"):
            wanted = wanted.or_(self.page.get_by_role(role, name=beginning))
        for _ in range(MOST_TABS):
            self.keys("Tab")
            focused = wanted.and_(self.page.locator(":focus-visible"))
            if focused.count():
                style = focused.evaluate("one => [getComputedStyle(one).outlineStyle, getComputedStyle(one).boxShadow]")
                assert style != ["none", "none"], f"nobody sees that {words} has the focus"
                return
        raise AssertionError(f"the tab key does not lead to {words}")

    def keys(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def tasks(self) -> None:
        """Go to the list of what waits for one."""
        self.page.goto(f"{self.address}/tasks")

    def take_up(self, task: str) -> None:
        """Open the task of these words from the list of one's own."""
        self.tasks()
        self.pick_up(task)

    def pick_up(self, task: str) -> None:
        """The same where the list is what one has before one, as after the log-in."""
        self.page.get_by_role("link", name=re.compile(rf"^(?!期限证明).*：{re.escape(task)}$")).first.click()

    def follow(self, link: str) -> None:
        """Follow a link."""
        self.page.get_by_role("link", name=link, exact=True).first.click()

    def press(self, button: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=button, exact=True).first.click()

    def open_up(self, summary: str) -> None:
        """Unfold what stands behind these words."""
        self.page.locator("summary").filter(has_text=summary).click()

    def field(self, label: str) -> Locator:
        """The field with this label, whether or not it is marked as optional."""
        labelled = self.page.get_by_label(re.compile(f"^{re.escape(label)}{_OPTIONAL}"))
        return labelled.and_(self.page.locator("input, select, textarea")).first

    def fill(self, label: str, words: str) -> None:
        """Type into a field."""
        self.field(label).fill(words)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.field(label).select_option(label=option)

    def tick(self, label: str) -> None:
        """Tick the box or the button whose words begin like this."""
        self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first.check()

    def tick_in(self, group: str, label: str) -> None:
        """Tick the box of this label in the list's entry that begins with these words."""
        entry = self.page.get_by_role("listitem").filter(has_text=re.compile(f"^{re.escape(group)}"))
        entry.get_by_label(label, exact=True).check()

    def question(self, words: str) -> Locator:
        """The question that begins with these words, with its answers."""
        return self.page.get_by_role("group", name=re.compile(f"^{re.escape(words)}")).first

    def answer(self, question: str, answer: str) -> None:
        """Answer a question that offers its answers as boxes."""
        label = self.question(question).locator("label").filter(has_text=re.compile(f"^{re.escape(answer)}")).first
        label.click()

    def describe(self, question: str, words: str) -> None:
        """Write the description that an answer asks for."""
        self.question(question).get_by_role("textbox").filter(visible=True).fill(words)

    def turns(self) -> bool:
        """Turn to the next section of a form that a phone shows section by section; False at its end."""
        if self.page.viewport_size == DESKTOP:
            return False
        button = self.page.get_by_role("button", name="下一节")
        if not button.is_visible() or button.is_disabled():
            return False
        button.click()
        return True

    def turn_to(self, question: str) -> None:
        """Turn on until the question can be seen."""
        if self.page.viewport_size == DESKTOP:
            return
        while not self.page.locator("fieldset").and_(self.question(question)).is_visible() and self.turns():
            pass

    def status_of(self, path: str) -> int:
        """With which status this address answers the person."""
        return self.page.request.get(f"{self.address}{path}").status

    def sees(self, words: str) -> None:
        """Fail unless these words can be seen."""
        expect(self.page.get_by_text(words).filter(visible=True).first).to_be_visible()

    def sees_not(self, words: str) -> None:
        """Fail if these words stand anywhere on the page."""
        assert words not in self.page.locator("body").inner_text(), words

    def open_consultation(self, name: str) -> None:
        """From the list, or from one's own tasks, to the consultation's page."""
        self.page.goto(f"{self.address}/consultations")
        if self.page.get_by_role("link", name=name, exact=True).count() == 0:
            self.tasks()
        self.follow(name)

    @contextmanager
    def another_window(self) -> Iterator[None]:
        """Do something in a second window; the first stays as it is."""
        first = self.page
        self.page = first.context.new_page()
        self._attend(self.page)
        yield
        self.page.close()
        self.page = first

    def download(self, link: str) -> bytes:
        """Follow a link to a file, and read what came."""
        with self.page.expect_download() as coming:
            self.follow(link)
        return Path(coming.value.path()).read_bytes()

    def picture(self, name: str) -> None:
        """Take a picture of the whole page, as wide as a desk and as a phone, where pictures are wanted."""
        if self.pictures is None:
            return
        kept = self.page.viewport_size
        for size in (DESKTOP, PHONE):
            self.page.set_viewport_size(size)
            # To hide the caret the camera would bring a style of its own, which the policy refuses.
            path = self.pictures / f"{name}-{size['width']}.png"
            self.page.screenshot(path=path, full_page=True, caret="initial")
        if kept:
            self.page.set_viewport_size(kept)
