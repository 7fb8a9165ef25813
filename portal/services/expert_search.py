"""Finding an expert in Chinese: by any part of a word, by full pinyin and by its initials.

Everything that can be searched stands in one column, in lower case and with its pinyin, which is written with the
entry. A search is a LIKE over that column: both databases read 5,000 rows of it in a few milliseconds, whereas an
index over trigrams would be of PostgreSQL alone and of no use for two characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sqlalchemy import ColumnElement

from portal.models.expert import Expert
from portal.rules.expertise import field_labels

_CHINESE = re.compile(r"[\u3400-\u9fff]+")
# Surnames that are read differently from the character elsewhere. Where two readings live, both are kept.
_SURNAMES = {
    "单": ("shan",), "仇": ("qiu",), "解": ("xie",), "曾": ("zeng",), "查": ("zha",), "区": ("ou",), "任": ("ren",),
    "朴": ("piao",), "翟": ("zhai", "di"), "盖": ("ge", "gai"), "华": ("hua",), "乐": ("yue", "le"), "缪": ("miao",),
    "员": ("yun",), "种": ("chong",), "折": ("she",), "黑": ("he",), "秘": ("bi",), "繁": ("po",), "覃": ("qin", "tan"),
    "尉": ("wei", "yu"), "宓": ("mi", "fu"), "隗": ("wei", "kui"), "牟": ("mou", "mu"), "谌": ("chen", "shen"),
    "那": ("na",), "车": ("che",), "燕": ("yan",), "宁": ("ning",), "应": ("ying",), "纪": ("ji",), "过": ("guo",),
    "么": ("yao",), "句": ("gou",), "石": ("shi",), "沈": ("shen",), "召": ("shao",), "冼": ("xian",), "洗": ("xian",),
    "郇": ("xun", "huan"), "佴": ("nai",), "逄": ("pang",), "晟": ("cheng", "sheng"), "蕃": ("pi",), "都": ("du",),
    "藏": ("zang",), "重": ("chong",), "长": ("chang",), "干": ("gan",), "祭": ("zhai",), "会": ("gui", "hui"),
    "柏": ("bai", "bo"), "戚": ("qi",), "瞿": ("qu",), "卜": ("bu",), "臧": ("zang",), "哈": ("ha",), "葛": ("ge",),
    "尉迟": ("yuchi",), "万俟": ("moqi",), "长孙": ("zhangsun",), "澹台": ("tantai",), "令狐": ("linghu",),
    "单于": ("chanyu",), "宇文": ("yuwen",), "夏侯": ("xiahou",), "皇甫": ("huangfu",), "公冶": ("gongye",),
}  # fmt: skip
_COMPOUND = 2  # characters of a compound surname


def write_search_text(expert: Expert) -> None:
    """Bring the search column of an entry in step with what it says; `person` and `fields` are read."""
    texts = (expert.field, expert.employer, expert.title, *field_labels([one.field_key for one in expert.fields]))
    expert.search_text = search_text(expert.person.name, texts)


def search_text(name: str, texts: Iterable[str]) -> str:
    """What the column holds for a person of that name and these texts, each on a line of its own with its pinyin."""
    lines = [_plain(name), *_readings_of_name(_plain(name))]
    for text in texts:
        lines += [_plain(text), *_readings(_plain(text))]
    return "\n".join(dict.fromkeys(line for line in lines if line))


def matches(search: str) -> list[ColumnElement[bool]]:
    """The conditions that every word of `search` stands somewhere in an entry; none for an empty search."""
    return [Expert.search_text.contains(word, autoescape=True) for word in _plain(search).split()]


def username_of(name: str) -> str:
    """Lower-case letters for a user name: the full pinyin of a name, "expert" where there is none."""
    letters = next(iter(_readings_of_name(_plain(name))), "") or _plain(name)
    return re.sub(r"[^a-z]", "", letters)[:40] or "expert"


@lru_cache(maxsize=500)  # asked for twice in a row, for the search and for a user name
def _readings_of_name(name: str) -> tuple[str, ...]:
    """Full pinyin and initials, for every reading of the surname."""
    return tuple(_each_reading_of_name(name))


def _each_reading_of_name(name: str) -> Iterator[str]:
    if not _CHINESE.match(name):
        yield from _readings(name)
        return
    surname = name[:_COMPOUND] if name[:_COMPOUND] in _SURNAMES else name[:1]
    rest = _syllables(name[len(surname) :])
    common = _syllables(name)[: len(surname)]
    readings: list[tuple[str, ...]] = [(reading,) for reading in _SURNAMES.get(surname, ())] or [tuple(common)]
    initials = [word[:1] for word in common]
    for first in readings:
        full = "".join((*first, *rest))
        yield from _spelled(full)
        heads = [first[0][0], *initials[1:]] if len(surname) == _COMPOUND else [word[:1] for word in first]
        yield "".join((*heads, *(word[:1] for word in rest)))


@lru_cache(maxsize=5000)  # the same fields, titles and employers come again and again
def _readings(text: str) -> tuple[str, ...]:
    syllables = _syllables(text) if _CHINESE.search(text) else []
    if not syllables:
        return ()
    initials = "".join(word if word.isascii() and word.isdigit() else word[:1] for word in syllables)
    return (*_spelled("".join(syllables)), initials)


def _spelled(full: str) -> Iterator[str]:
    """吕 is typed lv, and stands as lyu in a passport."""
    yield full
    if "v" in full:
        yield full.replace("v", "yu")


def _syllables(text: str) -> list[str]:
    from pypinyin import lazy_pinyin  # its tables are large, and most processes search without them

    return [word.strip() for word in lazy_pinyin(text)] if text else []


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
