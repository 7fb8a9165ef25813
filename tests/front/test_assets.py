"""What goes over the wire: bytes, names that carry their digest, nothing from elsewhere."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET

import pytest
from flask import Flask

from portal.web import assets
from tests.front.gallery import make_gallery

CSS_PARTS = sorted((assets.STATIC / "css").glob("*.css"))
KIBIBYTE = 1024
# Chromium 90 is the floor (design: dependencies, baseline); data: addresses break the CSP `default-src 'self'`.
BEYOND_THE_FLOOR = (
    ":has(",
    "oklch(",
    "color-mix(",
    "@container",
    "@layer",
    "data:",
    "http:",
    "https:",
    "@import",
    ":is(&",
)


@pytest.fixture
def app() -> Flask:
    app = Flask("bare", static_folder=None)
    assets.serve_assets(app)
    return app


def test_every_part_of_the_stylesheet_is_served_and_none_is_forgotten() -> None:
    assert sorted(assets.STYLE_PARTS) == [part.stem for part in CSS_PARTS]


def test_every_script_is_served_and_none_is_forgotten() -> None:
    own = {str(script.relative_to(assets.STATIC)) for script in (assets.STATIC / "js").rglob("*.js")}
    vendored = {str(script.relative_to(assets.STATIC)) for script in (assets.STATIC / "vendor").rglob("*.js")}
    assert {*assets.SCRIPT_PARTS, *assets.VIEWER_PARTS, assets.VIEWER_WORKER} == own | vendored


def test_stylesheet_weighs_at_most_20_kib_compressed() -> None:
    content, _ = assets.stylesheet()
    assert len(gzip.compress(content, 9)) <= 20 * KIBIBYTE


@pytest.mark.parametrize("page", ["dashboard", "sheet", "application"])
def test_a_first_visit_is_at_most_6_requests_and_60_kib(page: str) -> None:
    client = make_gallery().test_client()
    html = client.get(f"/{page}").get_data()
    addresses = set(re.findall(r"/static/[\w.-]+", html.decode()))
    weights = [len(client.get(address, headers={"Accept-Encoding": "gzip"}).data) for address in addresses]
    assert 1 + len(addresses) <= 6
    assert len(gzip.compress(html)) + sum(weights) <= 60 * KIBIBYTE


def test_digest_follows_the_bytes() -> None:
    content, digest = assets.stylesheet()
    assert assets.stylesheet() == (content, digest)
    assert assets.stylesheet(assets.STYLE_PARTS[:-1])[1] != digest


def test_an_asset_is_served_compressed_and_for_good(app: Flask) -> None:
    answer = app.test_client().get(assets.asset_url("portal.css"), headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert gzip.decompress(answer.data) == assets.stylesheet()[0]


def test_a_client_without_gzip_gets_the_plain_bytes(app: Flask) -> None:
    answer = app.test_client().get(assets.asset_url("portal.js"), headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers
    assert answer.data == assets.scripts()[0]


@pytest.mark.parametrize("name", ["portal.css", "portal.000000000000.css", "vendor/htmx/LICENSE", "..%2Fapp.py"])
def test_nothing_else_is_reachable(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/static/{name}").status_code == 404


def test_a_misspelt_asset_is_an_error() -> None:
    with pytest.raises(KeyError):
        assets.asset_url("portl.css")


@pytest.mark.parametrize("part", CSS_PARTS, ids=lambda part: part.stem)
def test_a_style_part_keeps_to_the_floor(part: object) -> None:
    css = part.read_text()  # type: ignore[attr-defined]
    assert len(css.splitlines()) < 400
    assert [word for word in BEYOND_THE_FLOOR if word in css] == []
    assert css.count("{") == css.count("}")


def test_prefixed_selectors_stand_alone() -> None:
    """A browser drops a whole rule over one pseudo-element it does not know."""
    css = assets.stylesheet()[0].decode()
    for selector in re.findall(r"([^{}]*::-(?:webkit|moz)-[^{}]*)\{", css):
        assert "," not in selector, selector


def test_colours_have_names() -> None:
    """Every hexadecimal colour is a token; parts name the token."""
    for part in CSS_PARTS:
        if part.stem != "tokens":
            assert re.findall(r"#[0-9a-fA-F]{3,6}\b", part.read_text()) == [], part.name


def test_no_token_is_missing_and_no_colour_is_idle() -> None:
    css = assets.stylesheet()[0].decode()
    named, used = set(re.findall(r"(--[\w-]+):", css)), set(re.findall(r"var\((--[\w-]+)\)", css))
    assert used - named == set()
    # Sizes and spaces are scales: a step may be free.
    assert {token for token in named - used if not re.match(r"--(s|fs-|r)\d+$", token)} == set()


def test_icons_are_one_well_formed_sprite() -> None:
    root = ET.fromstring((assets.STATIC / "icons.svg").read_text())
    symbols = [symbol.get("id") for symbol in root]
    assert len(symbols) == len(set(symbols))
    assert {symbol.get("viewBox") for symbol in root} == {"0 0 20 20"}


def test_vendored_scripts_carry_version_and_licence() -> None:
    folders = [folder for folder in (assets.STATIC / "vendor").iterdir() if folder.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "VERSION").read_text().strip(), folder
        assert (folder / "LICENSE").read_text().strip(), folder
    assert b'version:"2.0.11"' in (assets.STATIC / "vendor/htmx/htmx.min.js").read_bytes()


def test_the_viewers_tables_are_served_and_nothing_beside_them(app: Flask) -> None:
    client, base = app.test_client(), f"/static/viewer-{assets.viewer_tables()}"
    found = client.get(f"{base}/cmaps/UniGB-UCS2-H.bcmap")
    assert (found.status_code, found.mimetype) == (200, "application/octet-stream")
    assert "immutable" in found.headers["Cache-Control"]
    found.close()
    for address in ("VERSION", "cmaps/LICENSE", "cmaps/../VERSION", "cmaps/None.bcmap", "pdf.min.js"):
        assert client.get(f"{base}/{address}").status_code == 404
    assert client.get("/static/viewer-0.0/cmaps/UniGB-UCS2-H.bcmap").status_code == 404
