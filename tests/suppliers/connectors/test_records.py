"""Connector records: hold no text that cannot be stored."""

import inspect
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from catalog import records as product_records
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors import bulk, records

DIRTY = "\ud800T\0r\x01a\x7fi\x85l\udfff"
CLEAN = "Trail"
# What we send to a supplier, and COPY text, which has its own escapes.
OURS = {
    records.ClaimRequest, records.OrderReference, records.ManualRequest, records.PurchaseOrderRequest, bulk.CopyLines,
}  # fmt: skip
DATACLASSES = [
    kind
    for module in (product_records, records, bulk)
    for kind in vars(module).values()
    if inspect.isclass(kind) and is_dataclass(kind) and kind.__module__ == module.__name__
]
SIMPLE = {
    str: "x", int: 1, bool: False, Decimal: Decimal(1), Money: Money(Decimal(1), "EUR"),
    datetime: datetime(2026, 11, 29, tzinfo=UTC), date: date(2026, 11, 29),
}  # fmt: skip


def sample(hint: Any, text: str) -> Any:  # noqa: PLR0911 - one line a kind of type
    """Return a value of this type; its texts are ``text``."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in {str, Any}:
        return text
    if origin in {types.UnionType, Union}:
        return sample(next(each for each in arguments if each is not type(None)), text)
    if origin is tuple:
        return (sample(arguments[0], text),)
    if origin is Mapping:
        return {text: sample(arguments[1], text)}
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return next(iter(hint))
    if is_dataclass(hint) and hint not in SIMPLE:
        return made(hint, text)
    return SIMPLE[hint]


def made(kind: Any, text: str) -> Any:
    """Return a record whose texts are ``text``."""
    hints = get_type_hints(kind)
    return kind(**{each.name: sample(hints[each.name], text) for each in fields(kind)})


def texts(value: Any) -> list[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        return [value]
    if isinstance(value, Mapping):
        return [text for pair in value.items() for each in pair for text in texts(each)]
    if isinstance(value, tuple | list):
        return [text for each in value for text in texts(each)]
    if is_dataclass(value) and not isinstance(value, Money | Address):
        return [text for each in fields(value) for text in texts(getattr(value, each.name))]
    return []


def test_record_texts_have_no_controls_or_lone_surrogates():
    has_text = {kind for kind in DATACLASSES if texts(made(kind, "x"))} - OURS

    assert {kind for kind in has_text if set(texts(made(kind, DIRTY))) != {CLEAN}} == set()
    assert len(has_text) > 10


def test_line_breaks_and_other_scripts_are_kept():
    text = "Fénəri\n\tfənər 🔦 \u2028x"

    assert product_records.ImportIssue(row=text, code="x", message=text).message == text
