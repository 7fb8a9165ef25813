"""The components give valid, escaped, labelled HTML, whatever is written into them."""

from __future__ import annotations

import re
from types import ModuleType, SimpleNamespace
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict

from portal.web.assets import stylesheet
from tests.front import annex_samples, samples
from tests.front.gallery import PAGES, make_gallery

HOSTILE = "<script>alert(1)</script>\"'&"
XHTML = "{http://www.w3.org/1999/xhtml}"


def poisoned(value: object) -> object:
    """`value` with HOSTILE behind each Chinese text in it; keys and states, which are ASCII, stay."""
    if isinstance(value, str):
        return value + HOSTILE if re.search(r"[\u4e00-\u9fff]", value) else value
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{name: poisoned(part) for name, part in vars(value).items()})
    if isinstance(value, dict):
        return {key: poisoned(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(poisoned(part) for part in value)
    return value


def poison_annexes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put HOSTILE behind everything that is typed into an annex, and into the names of its pictures."""
    plain = annex_samples.typed

    def typed(slug: str, **changes: object) -> MultiDict[str, str]:
        return MultiDict([(name, text + HOSTILE) for name, text in plain(slug, **changes).items(multi=True)])

    pictures = {"appearance_photographs": (annex_samples.Photograph(HOSTILE, HOSTILE, 1),)}
    monkeypatch.setattr(annex_samples, "typed", typed)
    monkeypatch.setattr(annex_samples, "PICTURES", pictures)


def parsed(html: str) -> Element:
    """The document; an error of the HTML is an error of the test."""
    return html5lib.HTMLParser(strict=True).parse(html)


def page_of(app: Flask, page: str) -> str:
    answer = app.test_client().get(f"/{page}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def rendered(source: str, **values: object) -> str:
    """A fragment: `source` with the components' macros, rendered in the gallery's application."""
    app = make_gallery()
    with app.test_request_context():
        return render_template_string(source, **values)


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_page_is_valid_html(page: str) -> None:
    parsed(page_of(make_gallery(), page))


def test_what_people_write_is_escaped(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_gallery()
    names = [name for name in vars(samples) if name.isupper() and not isinstance(getattr(samples, name), ModuleType)]
    app.jinja_env.globals["samples"] = SimpleNamespace(**{name: poisoned(getattr(samples, name)) for name in names})
    form = samples.sample_form(HOSTILE)
    monkeypatch.setattr(samples, "sample_form", lambda: form)
    poison_annexes(monkeypatch)
    html = page_of(app, page)
    document = parsed(html)
    assert "&lt;script&gt;" in html or page == "menus" or page.endswith("-empty")
    assert [script.get("src") for script in document.iter(f"{XHTML}script") if not script.get("src")] == []


def test_ids_are_unique_and_every_reference_has_its_target(page: str) -> None:
    document = parsed(page_of(make_gallery(), page))
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert sorted(ids) == sorted(set(ids))
    targets = set(ids)
    for element in document.iter():
        for attribute in ("for", "aria-describedby", "aria-labelledby"):
            for target in (element.get(attribute) or "").split():
                assert target in targets, f"{attribute}={target}"


def test_every_control_has_a_label(page: str) -> None:
    document = parsed(page_of(make_gallery(), page))
    labelled = {label.get("for") for label in document.iter(f"{XHTML}label")}
    for kind in ("input", "select", "textarea"):
        for control in document.iter(f"{XHTML}{kind}"):
            if control.get("type") != "hidden":
                assert control.get("id") in labelled, control.attrib


def test_every_link_and_button_has_words(page: str) -> None:
    document = parsed(page_of(make_gallery(), page))
    for kind in ("a", "button", "summary"):
        for element in document.iter(f"{XHTML}{kind}"):
            assert "".join(element.itertext()).strip(), element.attrib


def test_every_class_is_in_the_stylesheet(page: str) -> None:
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", stylesheet()[0].decode()))
    used = {
        name
        for element in parsed(page_of(make_gallery(), page)).iter()
        for name in (element.get("class") or "").split()
    }
    # A state or kind may need no look of its own; everything else without a rule is a slip of the pen.
    plain = {"is-later", "is-next", "is-past", "confirm", "action", "turn-do", "st-wait", "search"}
    assert used - known - plain == set()


FIELDS = "{% from 'components/fields.html' import text, textarea, password, date, yes_no, tick, one_tick %}"


def test_a_field_keeps_its_value_and_shows_its_error_with_the_article() -> None:
    html = rendered(FIELDS + "{{ text(form.product_name) }}{{ date(form.verified_on) }}", form=samples.sample_form())
    assert 'value="电热毯"' in html
    assert html.index("核实日期</label>") < html.index("请填写核实日期，如") < html.index('type="date"')
    assert '<span class="article">第七条</span>' in html
    assert 'aria-invalid="true" aria-describedby="verified_on-error"' in html


def test_optional_is_marked_and_required_is_not() -> None:
    html = rendered(FIELDS + "{{ text(form.product_name) }}", form=samples.sample_form())
    assert "选填" not in html
    assert "选填" in rendered(FIELDS + "{{ text(form.credit_code) }}", form=samples.sample_form())
    assert "选填" in rendered(FIELDS + "{{ text(form.product_name, optional=true) }}", form=samples.sample_form())


def test_a_password_is_never_written_back() -> None:
    html = rendered(FIELDS + "{{ password(form.password) }}", form=samples.sample_form())
    assert "never-printed" not in html


def test_a_textarea_keeps_a_leading_line_break() -> None:
    form = samples.SampleForm(data={"suspected_defect": "\n第二行"})
    document = html5lib.parseFragment(rendered(FIELDS + "{{ textarea(form.suspected_defect) }}", form=form))
    assert document.find(f".//{XHTML}textarea").text == "\n第二行"


def test_a_closed_action_is_shown_with_its_reason_and_without_a_button() -> None:
    source = "{% from 'components/actions.html' import action_card %}{{ action_card(action) }}"
    html = rendered(source, action=samples.action("结束表决", is_open=False, reason="还有 2 位专家未签名。"))
    assert "还有 2 位专家未签名。" in html
    assert "<button" not in html
    assert "<a" not in html


def test_an_action_that_changes_something_is_a_form_with_its_token() -> None:
    source = "{% from 'components/actions.html' import action_card %}{{ action_card(action) }}"
    html = rendered(source, action=samples.action("提醒", method="post", url="/remind"))
    assert '<form method="post" action="/remind">' in html
    assert 'name="csrf_token" value="token"' in html


@pytest.mark.parametrize(
    ("page", "pages", "shown"),
    [(1, 1, []), (1, 3, [1, 2, 3]), (6, 13, [1, 4, 5, 6, 7, 8, 13]), (13, 13, [1, 11, 12, 13])],
)
def test_the_pager_shows_ends_and_neighbours(page: int, pages: int, shown: list[int]) -> None:
    source = "{% from 'components/tables.html' import pager %}{{ pager(page, pages, url) }}"
    html = rendered(source, page=page, pages=pages, url=lambda number: f"?page={number}")
    numbers = re.findall(r"第</span>(\d+)<", html)
    assert [int(number) for number in numbers] == shown


def test_the_stair_of_the_matrix_follows_the_cells() -> None:
    source = (
        "{% from 'components/matrix.html' import matrix %}"
        "{{ matrix(cells, samples.SEVERITIES, samples.LIKELIHOODS, 3, 4) }}"
    )
    html = rendered(source, cells=samples.CELLS)
    # The border runs under the lowest cell of each severity, and up its left side to the next severity's.
    assert len(re.findall(r'class="inv[^"]*\beb\b', html)) == 4
    assert len(re.findall(r'class="inv[^"]*\bel\b', html)) == (6 - 4) + (4 - 3) + (3 - 2)
    assert html.count("所选：建议开展调查") == 1
    turned = {row: dict.fromkeys(columns, "monitor") for row, columns in samples.CELLS.items()}
    flat = rendered(source, cells=turned)
    assert " eb" not in flat
    assert " el" not in flat
    assert "所选：持续关注" in flat


def test_the_tally_track_is_as_long_as_the_panel() -> None:
    source = "{% from 'components/tally.html' import tally %}{{ tally(question) }}"
    question = samples.QUESTIONS[0]
    html = rendered(source, question=question)
    assert html.count("<i") - html.count("<i class") == 15 - 5
    assert html.count('<i class="v">') == 5


def test_the_stepper_names_the_step_and_the_next() -> None:
    source = "{% from 'components/stepper.html' import stepper %}{{ stepper(samples.STEPS) }}"
    html = rendered(source)
    assert "第 6 步，共 8 步 <b>填表表决</b>" in html
    assert "下一步：会议纪要" in html
    assert html.count('aria-current="step"') == 1


def test_a_provisional_deadline_says_so() -> None:
    source = "{% from 'components/deadline.html' import deadline %}{{ deadline(due) }}"
    assert "暂定" in rendered(source, due=samples.DUES[3])
    assert "暂定" not in rendered(source, due=samples.DUES[2])
