"""Notice a file whose columns are no longer what they were. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from suppliers.connectors.bulk import EMPTY_KIND, MIXED_KIND, Shape

# The fields by which a row is known and sold: another kind of value there is another column.
KEYS: Final = ("sku", "parent", "gtin", "title", "cost", "stock")
# A kind that may become another one without anything being wrong, by field; "" is any field.
HARMLESS: Final = frozenset(
    {
        ("cost", "number", "decimal"),
        ("cost", "decimal", "number"),
        ("title", "text", "code"),
        ("title", "code", "text"),
        ("sku", "gtin", "number"),
        ("sku", "number", "gtin"),
        ("parent", "gtin", "number"),
        ("parent", "number", "gtin"),
        ("stock", "number", "text"),
        ("stock", "text", "number"),
        ("stock", "code", "number"),
        ("stock", "number", "code"),
    }
)


def shape_is_known(*, before: Shape | None, now: Shape) -> str:
    """Judge the columns of a file against those of the last good one; None is no such file."""
    if before is None:
        return ""
    changed = list(_changed(before, now))
    missing = [name for name in before.columns if name not in now.columns]
    if not changed and 2 * len(missing) <= len(before.columns):
        return ""
    words = " ".join(changed)
    if missing:
        strange = [name for name in now.columns if name not in before.columns]
        words = f"{words} Columns are missing: {_listed(missing)}."
        words += f" Others are new: {_listed(strange)}." if strange else ""
    return words.strip()


def _changed(before: Shape, now: Shape) -> Iterator[str]:
    for field in KEYS:
        was, is_now = before.kinds.get(field, EMPTY_KIND), now.kinds.get(field, EMPTY_KIND)
        if was in {EMPTY_KIND, is_now} or (field, was, is_now) in HARMLESS:
            continue
        if is_now == EMPTY_KIND:
            yield f"The column of {field} is empty or gone."
        elif MIXED_KIND not in {was, is_now}:
            yield f"The column of {field} held {_words(was)}, and holds {_words(is_now)} now."


def _words(kind: str) -> str:
    return {
        "number": "whole numbers",
        "decimal": "decimal numbers",
        "gtin": "bar codes",
        "text": "words",
        "code": "codes",
        "address": "addresses",
    }.get(kind, kind)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004
