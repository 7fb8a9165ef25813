"""The press release on a recall (annex 7): its sentences with the options that apply, for the page and for paper."""

from __future__ import annotations

from portal.rules.recall.annex_check import Values
from portal.rules.recall.annex_words import value_words
from portal.rules.recall.annexes import Annex
from portal.rules.sheet_description import Field

_ENDS = "。．.；;，, 　\n"
# What the form's sentence says behind a name already, and people type all the same.
_SAID_ALREADY = {
    "brand": "牌",
    "model": "型号",
    "affected_quantity": "件",
    "defect": "的缺陷",
    "consequence": "的后果",
    "remedy": "，以消除安全隐患",
}


def press_release_text(values: Values, annex: Annex) -> tuple[str, tuple[str, ...]]:
    """Return title and paragraphs of the press release that `values` (typed, by field of `annex`) make.

    扩大, 部分, 主动 and 受缺陷调查影响 stand where they are answered with yes, and in brackets, as on the printed form,
    where they are not answered; the sentence on the earlier recall goes with 扩大. Whatever is not filled in stands as
    on the printed form. An annex that is no running text is a ValueError.
    """
    prose = annex.prose
    if prose is None:
        raise ValueError(f"{annex.title}: no running text")
    said = {name: _words(annex, field, values) for name, field in annex.fields.items()}
    earlier = prose.earlier.format_map(said)
    said["earlier"] = {"yes": earlier, "no": ""}.get(str(values.get("is_extended")), f"（{earlier}）")
    # Decided: a producer that answers by telephone alone sends nobody to a website.
    has_no_website = not said["website"] and value_words(annex.field("hotline"), values.get("hotline"))
    said["website"] = f"（{said['website']}）" if said["website"] else ""
    said["visit"] = "" if has_no_website else prose.website.format_map(said)
    return prose.title.format_map(said), tuple(paragraph.format_map(said) for paragraph in prose.paragraphs)


def _words(annex: Annex, field: Field, values: Values) -> str:
    value = values.get(field.name)
    if field.type == "yes_no":
        return {"yes": field.label, "no": ""}.get(str(value), f"（{field.label}）")
    words = " ".join(value_words(field, value).split("\n")).strip(_ENDS)
    return words.removesuffix(_SAID_ALREADY.get(field.name, "")) or annex.blanks.get(field.name, "")
