"""召回公示: what is published of recalls, for everybody, to be searched, read and followed."""

from __future__ import annotations

from flask import Response, abort, render_template, request, url_for

from portal.blueprints.public.views import blueprint
from portal.rules.recall.publication_search import LONGEST_SEARCH, MOST_TERMS, is_cut
from portal.services.recall.publications import (
    KIND_LABELS,
    PAGE_SIZE,
    PublicationFilter,
    choices,
    feed_entries,
    picture_of,
    province_names,
    publication,
    published,
    published_state,
)
from portal.storage.local import StorageError
from portal.storage.public_pictures import RECIPE, public_picture
from portal.web.acting import look, settings
from portal.web.fields import LARGEST_WHOLE_NUMBER
from portal.web.guard import requires
from portal.web.recall_feeds import FeedHead, json_feed, rss
from portal.web.shared_pages import Answer, look_once, shared, without_visitor
from portal.web.stored_files import storage

_PICTURE_LASTS = "public, max-age=86400"
_LAST_PAGE = LARGEST_WHOLE_NUMBER // PAGE_SIZE
_NARROWING = {"province": "province", "class": "product_class", "kind": "kind", "year": "year"}
"""The parameters of the address, and what they narrow."""


@blueprint.get("/recalls")
@requires("view_public_page")
@shared(published_state)
def recalls() -> Answer:
    """The list, newest first, searched and narrowed."""
    wanted = _wanted()
    found = look(published, wanted=wanted)
    first = (found.page - 1) * PAGE_SIZE
    return render_template(
        "public/recalls/list.html",
        found=found,
        wanted=wanted,
        selects=_selects(wanted),
        tags=_tags(wanted),
        notice=_cut_words(wanted.text),
        first=first + 1,
        last=first + len(found.rows),
        page_url=lambda number: _address("pages.recalls", wanted, page=number),
        feeds=[(kind, _address(f"pages.{endpoint}", wanted)) for kind, endpoint in _FEEDS],
    )


@blueprint.get("/recalls/<int:publication_id>")
@requires("view_public_page")
@shared(published_state)
def recall(publication_id: int) -> Answer:
    """One publication: the press release, the plan, how to take part."""
    found = look(publication, publication_id=publication_id)
    if found is None:
        return render_template("public/recalls/missing.html"), 404
    return render_template("public/recalls/recall.html", found=found, base_url=settings().base_url)


@blueprint.get("/recalls/<int:publication_id>/pictures/<sha256>")
@requires("view_public_page")
def recall_picture(publication_id: int, sha256: str) -> Response:
    """The public copy of a photograph, if this publication shows it; every other file does not exist here."""
    without_visitor()
    media_type = look(picture_of, publication_id=publication_id, sha256=sha256)
    if media_type is None:
        abort(404)
    try:
        copy = public_picture(storage(), sha256, media_type)
    except StorageError:
        abort(404)
    response = Response(copy.read_bytes(), content_type=media_type)
    response.headers["Cache-Control"] = _PICTURE_LASTS
    response.set_etag(f"{sha256}-{RECIPE}")
    response.make_conditional(request)
    return response


@blueprint.get("/recalls/feed.xml")
@requires("view_public_page")
@shared(published_state)
def recall_rss() -> Answer:
    """The newest as RSS 2.0, narrowed as the list is."""
    wanted = _wanted()
    feed = rss(_head("pages.recall_rss", wanted), look(feed_entries, wanted=wanted), _full_address)
    return Response(feed, content_type="application/rss+xml; charset=utf-8")


@blueprint.get("/recalls/feed.json")
@requires("view_public_page")
@shared(published_state)
def recall_json_feed() -> Answer:
    """The same as JSON Feed 1.1."""
    wanted = _wanted()
    feed = json_feed(_head("pages.recall_json_feed", wanted), look(feed_entries, wanted=wanted), _full_address)
    return Response(feed, content_type="application/feed+json; charset=utf-8")


_FEEDS = (("application/rss+xml", "recall_rss"), ("application/feed+json", "recall_json_feed"))


def _wanted() -> PublicationFilter:
    """What the address asks for; a value that is none of the choices narrows nothing."""
    given = request.args
    year = given.get("year", type=int)
    province, kind = given.get("province", ""), given.get("kind", "")
    return PublicationFilter(
        text=given.get("q", "").strip(),
        province=province if province in province_names() else "",
        product_class=given.get("class", "").strip(),
        kind=kind if kind in KIND_LABELS else "",
        year=year if year and 2000 <= year <= 9999 else None,
        page=min(max(given.get("page", 1, type=int), 1), _LAST_PAGE),
    )


def _address(endpoint: str, wanted: PublicationFilter, *, without: str = "", page: int = 1) -> str:
    """The address of what is wanted; `without` one of its parameters, from its first page on."""
    given = {"q": wanted.text, **{name: getattr(wanted, field) for name, field in _NARROWING.items()}}
    kept = {name: value for name, value in given.items() if value and name != without}
    return url_for(endpoint, **kept, page=page if page > 1 else None)


def _tags(wanted: PublicationFilter) -> list[tuple[str, str]]:
    """What narrows the list now, each with the address without it."""
    words = {
        "q": f"检索：{wanted.text[:LONGEST_SEARCH]}" if wanted.text else "",
        "province": province_names().get(wanted.province, ""),
        "class": wanted.product_class,
        "kind": KIND_LABELS.get(wanted.kind, ""),
        "year": f"{wanted.year}年" if wanted.year else "",
    }
    return [(label, _address("pages.recalls", wanted, without=name)) for name, label in words.items() if label]


def _selects(wanted: PublicationFilter) -> list[dict[str, object]]:
    found = look_once(choices)
    offered = (
        ("kind", "类别", wanted.kind, KIND_LABELS.items()),
        ("province", "省市", wanted.province, found.provinces.items()),
        ("class", "产品类别", wanted.product_class, [(one, one) for one in found.product_classes]),
        ("year", "年份", wanted.year or "", [(one, f"{one}年") for one in found.years]),
    )
    return [
        {"name": name, "label": label, "value": value, "choices": [("", "全部"), *values]}
        for name, label, value, values in offered
    ]


def _cut_words(text: str) -> str:
    """What is said of a search that is too long; "" for one that is not."""
    return f"只按前 {LONGEST_SEARCH} 个字、前 {MOST_TERMS} 个词检索。" if is_cut(text) else ""


def _head(endpoint: str, wanted: PublicationFilter) -> FeedHead:
    said = "、".join(label for label, _ in _tags(wanted))
    return FeedHead(
        title=f"召回公示（{said}）" if said else "召回公示",
        page_url=settings().base_url + _address("pages.recalls", wanted),
        feed_url=settings().base_url + _address(endpoint, wanted),
    )


def _full_address(publication_id: int) -> str:
    return settings().base_url + url_for("pages.recall", publication_id=publication_id)
