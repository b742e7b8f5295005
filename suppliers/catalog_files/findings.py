"""Dry-run findings: locate the cells that an issue is about, list the findings, write them as CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from catalog.records import FAILED, ImportIssue
from suppliers.connectors.feed.mapping.fields import TARGETS
from suppliers.connectors.feed.mapping.spec import Mapping as FeedMapping
from suppliers.offers import links
from suppliers.runs.issue_labels import issue_label

SHOWN = 200
MAX_STORED = 10_000
MAX_TEXT, MAX_MESSAGE = 120, 300
# Issues that quote more than the cells that they are about.
ABOUT: Mapping[str, Sequence[str]] = {
    "list-no-id": ("sku",),
    FAILED: ("title",),
    **dict.fromkeys(links.CODES, ("title", "gtin", "mpn")),
}


def to_finding(
    issue: ImportIssue, *, mapping: FeedMapping | None = None, number: int | None = None
) -> dict[str, Any]:
    """Return an issue as JSON: its row, code and message, its cells as pairs of column and text.

    ``number`` is that of the row; of an issue about a product, that of its first row.
    """
    return {
        "row": issue.row,
        "number": number,
        "code": issue.code,
        "message": issue.message[:MAX_MESSAGE],
        "cells": _cells(issue, mapping),
    }


def _cells(issue: ImportIssue, mapping: FeedMapping | None) -> list[tuple[str, str]]:
    raw = issue.raw
    if names := ABOUT.get(issue.code):
        found = {name: raw.get(name) or raw.get(_column(name, mapping)) for name in names}
    else:
        found = {name: text for name, text in raw.items() if name != "title"} or dict(raw)
    return [(_column(name, mapping), str(text)[:MAX_TEXT]) for name, text in found.items() if text]


def _column(name: str, mapping: FeedMapping | None) -> str:
    """Return the column of a field or of a label of the specification, as the file names it."""
    field = name if name in TARGETS else name.casefold()  # "Title" is a line and a field
    if mapping and name in mapping.headings:
        return mapping.headings[name]
    if mapping and name == "picture":
        return ", ".join(source.column for source in mapping.images if source.column)
    if mapping and field in mapping.fields and mapping.fields[field].column:
        return mapping.fields[field].column
    return TARGETS[field].label if field in TARGETS else name


def labelled(stored: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return stored findings with the text of their code."""
    return [{**one, "label": issue_label(one["code"])} for one in stored]


def csv_table(stored: Iterable[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    """Yield the headings, then one row per cell of each finding."""
    yield (_("Row"), _("SKU"), _("Column"), _("Value"), _("Finding"), _("Read as"))
    for one in labelled(stored):
        for column, text in one["cells"] or [("", "")]:
            yield (one["number"], one["row"], column, text, one["label"], one["message"])
