"""Dry-run findings: locate the cells and row of an issue, list the findings, write them as CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from catalog.records import FAILED, ImportIssue
from suppliers.connectors.feed.mapping.fields import TARGETS
from suppliers.connectors.feed.mapping.spec import Mapping as FeedMapping
from suppliers.offers import links
from suppliers.runs.issue_labels import issue_label

MAX_SHOWN = 200
MAX_STORED = 10_000
MAX_CELLS = 10  # of one finding
MAX_TEXT, MAX_MESSAGE = 120, 300
# The fields of issues that quote more than the cells that they are about, by code.
FIELDS_OF_CODE: Mapping[str, Sequence[str]] = {
    "list-no-id": ("sku",),
    FAILED: ("title",),
    **dict.fromkeys(links.CODES, ("title", "gtin", "mpn")),
}


def to_finding(
    issue: ImportIssue, *, mapping: FeedMapping | None = None, number: int | None = None
) -> dict[str, Any]:
    """Return an issue as JSON: its row, code and message, its cells as pairs of column and text.

    ``row`` names the row as the issue does, ``number`` is its number as ``number_names`` returns it.
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
    if names := FIELDS_OF_CODE.get(issue.code):
        found = {name: raw.get(name) or raw.get(_column(name, mapping)) for name in names}
    else:
        found = {name: text for name, text in raw.items() if name != "title"} or dict(raw)
    filled = ((name, str(text)[:MAX_TEXT]) for name, text in found.items() if text)
    return [(_column(name, mapping)[:MAX_TEXT], text) for name, text in islice(filled, MAX_CELLS)]


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


def number_names(first: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Return the number of the first row for each name that an issue can have.

    The names are a SKU, the id of a product, and both as ``id:SKU``. ``first`` maps pairs of product
    id and SKU to the number of their first row, in the order of the file.
    """
    numbers: dict[str, int] = {}
    for (external_id, sku), number in first.items():
        for name in (sku, external_id, f"{external_id}:{sku}"):
            numbers.setdefault(name, number)
    return numbers


def page_context(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of the findings of a stored report: counts, and the first ones."""
    stored, counts = report.get("findings") or [], report.get("finding_counts") or {}
    return {
        "counts_by_label": [(issue_label(code), count) for code, count in counts.items()],
        "finding_count": sum(counts.values()),
        "stored_count": len(stored),
        "findings": _with_labels(stored[:MAX_SHOWN]),
    }


def _with_labels(stored: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return stored findings with the text of their code."""
    return [{**one, "label": issue_label(one["code"])} for one in stored]


def csv_table(stored: Iterable[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    """Yield the headings, then one row per cell of each finding."""
    yield (_("Row"), _("SKU"), _("Column"), _("Value"), _("Finding"), _("Details"))
    for one in _with_labels(stored):
        for column, text in one["cells"] or [("", "")]:
            yield (one["number"], one["row"], column, text, one["label"], one["message"])
