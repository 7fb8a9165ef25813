"""A gallery of all components with made-up values, for looking at: never part of the product.

`python -m tests.front.gallery pictures FOLDER` takes pictures of each page at 1280 and 390 pixels with headless
Chromium; `python -m tests.front.gallery` serves the pages at 127.0.0.1:8123.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace as V

from flask import Flask, Response, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from portal.web.assets import serve_assets
from portal.web.formats import install_formats
from tests.front import annex_samples, samples
from tests.support.chromium import chromium_program, running_chromium, serving

PORTAL_TEMPLATES = Path(__file__).parents[2] / "portal" / "templates"
PAGES = sorted(page.stem for page in (Path(__file__).parent / "gallery").glob("*.html"))
# What the portal itself will send: a page that breaks it is broken here too.
POLICY = "default-src 'self'"


def make_gallery() -> Flask:
    """A Flask application that shows the gallery's pages with the portal's own templates."""
    app = Flask(__name__, static_folder=None)
    app.secret_key = "gallery"
    app.jinja_env.loader = ChoiceLoader(
        [FileSystemLoader(PORTAL_TEMPLATES), FileSystemLoader(Path(__file__).parent / "gallery")]
    )
    app.jinja_env.undefined = StrictUndefined
    serve_assets(app)
    install_formats(app)
    app.jinja_env.globals.update(
        portal_name="长三角缺陷消费品专家会诊",
        csrf_token=lambda: "token",
        navigation=lambda: [
            V(label="我的待办", url="/dashboard", current=True, count=5),
            V(label="会诊", url="/lists", current=False, count=0),
            V(label="专家库", url="#", current=False, count=0),
            V(label="归档", url="#", current=False, count=0),
        ],
        current_actor=V(id=7, name="陈雨桐", role_label="联络员", institution_badge=samples.ZHE),
        account_links=lambda: [V(label="我的密码", url="#", icon="key")],
        log_out_url="#",
        footer_links=lambda: [("期限怎么算", "#")],
        support="技术支持 0571-8800 0000",
        alliance_members=samples.MEMBERS,
        samples=samples,
        annexes=annex_samples,
        field_error=samples.Refusal,
    )

    @app.after_request
    def forbid_inline(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/<page>")
    def show(page: str) -> str:
        return render_template(f"{page}.html", form=samples.sample_form())

    @app.post("/save")
    def save() -> tuple[str, int, dict[str, str]]:
        app.config.setdefault("SAVED", []).append(request.form.to_dict())
        return "", *app.config.get("ANSWER", (204, {"X-Saved-At": "14:02"}))

    return app


def take_pictures(folder: Path) -> None:
    """Write <page>-<width>.png of each page into `folder`."""
    program = chromium_program()
    if program is None:
        sys.exit("Chromium is not installed (apt-get install chromium).")
    folder.mkdir(parents=True, exist_ok=True)
    with serving(make_gallery()) as address, running_chromium(program) as browser:
        for width, height in ((1280, 800), (390, 844)):
            tab = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
            tab.on("console", lambda message: print(f"{message.type}: {message.text}", file=sys.stderr))
            for page in PAGES:
                tab.goto(f"{address}/{page}")
                tab.screenshot(path=f"{folder}/{page}-{width}.png", full_page=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["pictures"]:
        take_pictures(Path(sys.argv[2]))
    else:
        make_gallery().run(port=8123)
