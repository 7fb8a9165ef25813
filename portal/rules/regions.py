"""Provinces and cities with their division codes (GB/T 2260), and what the codes say of one another.

Six digits: the first two are the province, the next two the city, the last two the county. The counties of a
municipality stand under 01, those that a province governs directly under 90: neither is an authority of its own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

STANDARD = "GB/T 2260"

_MUNICIPALITIES = ("11", "12", "31", "50")
_NO_AUTHORITY = ("01", "02", "90")
_CODE = re.compile(r"[1-9][0-9](?:0000|(?:0[1-9]|[1-9][0-9])(?:00|0[1-9]|[1-9][0-9]))")


@dataclass(frozen=True, slots=True)
class Area:
    """An administrative division. `abbreviation` names its market regulator in document numbers (宁市监).

    `decided` marks an abbreviation that was chosen here, as no document of the authority was at hand. A county has
    none until an administrator gives it one.
    """

    code: str
    name: str
    province: str
    abbreviation: str = ""
    decided: bool = False

    @property
    def level(self) -> str:
        """province, city or county."""
        return level_of(self.code)

    @property
    def parent(self) -> str | None:
        """The code of the area above; None for a province."""
        return parent_of(self.code)


@cache
def shipped_areas() -> Mapping[str, Area]:
    """Return the areas that come with this release by code: provinces, cities, the districts of the municipality."""
    table = tomllib.loads(files(__package__).joinpath("regions.toml").read_text(encoding="utf-8"))
    areas: dict[str, Area] = {}
    for province in table["provinces"]:
        key = province["key"]
        areas[province["code"]] = Area(province["code"], province["name"], key, province["abbreviation"])
        for entry in (*province.get("cities", ()), *province.get("counties", ())):
            areas[entry["code"]] = Area(province=key, **entry)
    return MappingProxyType(areas)


def is_division_code(code: str) -> bool:
    """Whether `code` is built as the standard builds a code; not whether there is such a place."""
    return _CODE.fullmatch(code) is not None


def is_municipality(code: str) -> bool:
    """Whether `code` is a municipality, whose one regulator acts as province and as city."""
    return level_of(code) == "province" and code.startswith(_MUNICIPALITIES)


def level_of(code: str) -> str:
    """Return province, city or county. What is no code is a ValueError."""
    if not is_division_code(code):
        raise ValueError(f"“{code}”不是行政区划代码（{STANDARD}）")
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


def parent_of(code: str) -> str | None:
    """Return the code of the area above, None for a province. What is no code is a ValueError."""
    level = level_of(code)
    if level == "province":
        return None
    province, city = code[:2], code[2:4]
    is_direct = city == "90" or (province in _MUNICIPALITIES and city in _NO_AUTHORITY)
    return f"{province}0000" if level == "city" or is_direct else f"{province}{city}00"


def codes_within(area: str) -> tuple[str, str]:
    """Return the first and the last code of `area` and all that lies in it, as text: 320000 to 329999."""
    significant = {"province": 2, "city": 4, "county": 6}[level_of(area)]
    return area, area[:significant].ljust(6, "9")


def place_in(address: str, province: str) -> str | None:
    """Return the code of the shipped area that an address names first, else of its province by key; None for neither.

    A name counts within its province only, as several provinces have a district of the same name.
    """
    areas = [area for area in shipped_areas().values() if area.province == province]
    named = [area for area in areas if area.level != "province" and area.name in address]
    if named:
        return min(named, key=lambda area: address.index(area.name)).code
    return next((area.code for area in areas if area.level == "province"), None)


def covers(area: str, of: str) -> bool:
    """Whether `of` is `area` itself or lies in it: 320000 covers 320115. What is no code is a ValueError."""
    here: str | None = of
    level_of(area)
    while here is not None:
        if here == area:
            return True
        here = parent_of(here)
    return False
