"""Publications as feeds: RSS 2.0 and JSON Feed 1.1 (docs/decisions/public-recalls.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as ET

from portal.services.recall.publications import ListedPublication

DESCRIPTION = "市场监管部门依法公示的缺陷消费品召回信息、消费警示和惩戒信息"
LANGUAGE = "zh-CN"
JSON_FEED = "https://jsonfeed.org/version/1.1"
_ATOM = "http://www.w3.org/2005/Atom"
# What XML 1.0 cannot hold at all, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Address = Callable[[int], str]


@dataclass(frozen=True)
class FeedHead:
    """What a feed says of itself; full addresses of the page it follows and of its own."""

    title: str
    page_url: str
    feed_url: str


def rss(head: FeedHead, entries: Sequence[ListedPublication], address_of: _Address) -> bytes:
    """The feed as RSS 2.0; `address_of(id)` is the full address of a publication, which also names it for ever."""
    ET.register_namespace("atom", _ATOM)
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, ("title", head.title), ("link", head.page_url), ("description", DESCRIPTION), ("language", LANGUAGE))
    if entries:
        _add(channel, ("lastBuildDate", format_datetime(entries[0].published_at)))
    own = {"href": head.feed_url, "rel": "self", "type": "application/rss+xml"}
    ET.SubElement(channel, f"{{{_ATOM}}}link", own)
    for entry in entries:
        item = ET.SubElement(channel, "item")
        address = address_of(entry.id)
        _add(item, ("title", _title(entry)), ("link", address), ("description", "\n".join(_lines(entry))))
        _add(item, *(("category", label) for label in _labels(entry)))
        _add(item, ("guid", address), ("pubDate", format_datetime(entry.published_at)))
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def json_feed(head: FeedHead, entries: Sequence[ListedPublication], address_of: _Address) -> bytes:
    """The same as JSON Feed 1.1."""
    feed: dict[str, Any] = {
        "version": JSON_FEED,
        "title": head.title,
        "home_page_url": head.page_url,
        "feed_url": head.feed_url,
        "description": DESCRIPTION,
        "language": LANGUAGE,
        "items": [
            {
                "id": address_of(entry.id),
                "url": address_of(entry.id),
                "title": _title(entry),
                "content_text": "\n".join(_lines(entry)),
                "summary": entry.summary,
                "date_published": entry.published_at.isoformat(),
                "authors": [{"name": entry.authority}],
                "tags": _labels(entry),
            }
            for entry in entries
        ],
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _add(parent: ET.Element, *pairs: tuple[str, str]) -> None:
    for name, text in pairs:
        ET.SubElement(parent, name).text = _NOT_XML.sub("", text)


def _title(entry: ListedPublication) -> str:
    return f"【{entry.kind}】{entry.title}"


def _labels(entry: ListedPublication) -> list[str]:
    return [label for label in (entry.kind, entry.product_class) if label]


def _lines(entry: ListedPublication) -> Iterable[str]:
    product = " ".join(part for part in (entry.brand, entry.product_name, entry.model) if part)
    yield entry.summary
    yield f"产品：{product}"
    yield f"生产者：{entry.producer}"
    if entry.affected_quantity is not None:
        yield f"涉及数量：{entry.affected_quantity:,} 件"
    yield f"公示机关：{entry.authority}"
    yield f"编号：{entry.number}"
