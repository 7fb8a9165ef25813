"""The sheet's answers as JSON values: read strictly, written in one form for storing and signing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from portal.rules.editions import Edition
from portal.rules.sheet import PRODUCER_CAUSES, SheetAnswers
from portal.rules.sheet_rules import QUESTIONS

# What `portal rules evaluate` reads: the inputs of the rules, without opinions, texts and reasons.
RULE_INPUTS = (
    "standard_nonconformity",
    "danger_despite_standard",
    "danger_without_standard",
    "injury_types",
    "severity",
    "likelihood",
    "producer_causes",
    "prevalence",
    "defect_finding",
    "same_product_recalled",
    "public_attention",
)
RULE_INPUTS_MAY_BE_NULL = frozenset({"severity", "likelihood", "defect_finding"})

_CHOICES = (
    "standard_nonconformity",
    "danger_despite_standard",
    "danger_without_standard",
    "severity",
    "likelihood",
    "prevalence",
    "defect_finding",
    "recommend_investigation",
    "continued_monitoring",
)
_ALL = (*RULE_INPUTS, "recommend_investigation", "continued_monitoring", "texts", "departure_reasons")


class RecordError(ValueError):
    """A record that cannot be read; `key` names the key at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}：{message}")
        self.key = key


def read_rule_inputs(record: object, edition: Edition) -> SheetAnswers:
    """Read the inputs of the rules from a JSON object: exactly those keys, values of the sheet's lists.

    Only severity, likelihood and defect_finding may be null. Raises RecordError naming the key.
    """
    return _read(record, edition, RULE_INPUTS, RULE_INPUTS_MAY_BE_NULL)


def from_record(record: object, edition: Edition) -> SheetAnswers:
    """Read back what `as_record` wrote, drafts with gaps included. Raises RecordError naming the key."""
    return _read(record, edition, _ALL, frozenset({*_CHOICES, "producer_causes"}))


def as_record(answers: SheetAnswers) -> dict[str, object]:
    """Return the answers as JSON values in one canonical form, the same for the same answers."""
    record: dict[str, object] = {key: getattr(answers, key) for key in _ALL}
    record["injury_types"] = sorted(answers.injury_types)
    record["producer_causes"] = {cause: answers.producer_causes.get(cause) for cause in PRODUCER_CAUSES}
    record["texts"] = _kept(answers.texts)
    record["departure_reasons"] = _kept(answers.departure_reasons)
    return record


def read_object(record: object, keys: Collection[str], prefix: str = "") -> Mapping[str, Any]:
    """Return `record` as an object with exactly these keys. Raises RecordError naming the key."""
    if not isinstance(record, Mapping):
        raise RecordError(prefix.rstrip(".") or "JSON", "应为 JSON 对象")
    for key in record:
        if key not in keys:
            raise RecordError(f"{prefix}{key}", "未知的键")
    for key in keys:
        if key not in record:
            raise RecordError(f"{prefix}{key}", "缺少该键")
    return record


def read_choice(value: object, key: str, allowed: Collection[object], may_be_null: bool = False) -> Any:
    """Return `value` when it is one of `allowed`, of the same type (true is not 1). Raises RecordError."""
    if value is None and may_be_null:
        return None
    if isinstance(value, (str, int)):
        for one in allowed:
            if value == one and type(value) is type(one):
                return value
    listed = "、".join("true、false" if one is True else str(one) for one in allowed if one is not False)
    raise RecordError(key, f"取值应为 {listed}" + (" 或 null" if may_be_null else ""))


def _read(record: object, edition: Edition, keys: Collection[str], nullable: Collection[str]) -> SheetAnswers:
    given = read_object(record, keys)
    read: dict[str, Callable[[object], object]] = {
        "injury_types": lambda value: _read_ticks(value, "injury_types", edition),
        "producer_causes": lambda value: _read_causes(value, "producer_causes" in nullable, edition),
        "same_product_recalled": lambda value: read_choice(value, "same_product_recalled", (True, False)),
        "public_attention": lambda value: read_choice(value, "public_attention", (True, False)),
        "texts": lambda value: _read_texts(value, "texts", _text_names(edition)),
        "departure_reasons": lambda value: _read_texts(value, "departure_reasons", QUESTIONS),
    }
    answers: dict[str, Any] = {}
    for key in keys:
        if key in read:
            answers[key] = read[key](given[key])
        else:
            answers[key] = read_choice(given[key], key, edition.field(key).values, key in nullable)
    return SheetAnswers(**answers)


def _read_ticks(value: object, key: str, edition: Edition) -> frozenset[str]:
    if not isinstance(value, list):
        raise RecordError(key, "应为数组")
    allowed = edition.field(key).values
    ticks = [read_choice(one, key, allowed) for one in value]
    if len(set(ticks)) != len(ticks):
        raise RecordError(key, "有重复的取值")
    return frozenset(ticks)


def _read_causes(value: object, may_be_null: bool, edition: Edition) -> dict[str, str | None]:
    causes = read_object(value, PRODUCER_CAUSES, "producer_causes.")
    return {
        cause: read_choice(
            causes[cause],
            f"producer_causes.{cause}",
            edition.field(f"producer_causes.{cause}").values,
            may_be_null,
        )
        for cause in PRODUCER_CAUSES
    }


def _read_texts(value: object, key: str, names: Collection[str]) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise RecordError(key, "应为 JSON 对象")
    for name, text in value.items():
        if name not in names:
            raise RecordError(f"{key}.{name}", "未知的键")
        if not isinstance(text, str):
            raise RecordError(f"{key}.{name}", "应为文字")
    return dict(value)


def _text_names(edition: Edition) -> tuple[str, ...]:
    return tuple(
        field.name for field in edition.fields.values() if field.type == "text" and not field.is_filled_by_portal
    )


def _kept(texts: Mapping[str, str]) -> dict[str, str]:
    """An empty text and no text are the same answer, so the canonical form keeps neither."""
    return {name: texts[name] for name in sorted(texts) if texts[name]}
