"""All mails as pictures at 1280 and 390 px, light and dark, by hand: `python -m tests.mail.pictures FOLDER`."""

import sys
from pathlib import Path

from portal.mail.kinds import MAIL_KINDS
from portal.mail.letters import Frame, html_of
from portal.mail.messages import render
from tests.mail.samples import BASE, SAMPLES
from tests.support.chromium import chromium_program, running_chromium

WIDTHS = (1280, 390)


def main(folder: Path) -> None:
    """Write kind-width.png, and for a few kinds kind-width-dark.png, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_chromium(chromium_program() or "chromium") as browser:
        for scheme in ("light", "dark"):
            for width in WIDTHS:
                context = browser.new_context(viewport={"width": width, "height": 400}, color_scheme=scheme)
                page = context.new_page()
                for kind in MAIL_KINDS:
                    made = render(kind, **SAMPLES[kind])
                    frame = Frame(kind, "打开这一页", f"{BASE}/consultations/12", BASE)
                    page.set_content(html_of(made.subject, made.text, frame))
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    if wide > width:
                        print(f"{kind}: {wide} px wide at {width}")
                    mark = "-dark" if scheme == "dark" else ""
                    page.screenshot(path=folder / f"{kind}-{width}{mark}.png", full_page=True)
                context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
