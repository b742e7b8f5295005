"""Mapping suggestions: propose a mapping for a new file by the names of its columns. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from catalog.attributes.numbers import UnreadableError
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES, known_name
from suppliers.connectors.feed.mapping.fields import (
    IMAGE_ALIASES,
    OPTION_ALIASES,
    OPTION_PREFIX,
    TARGETS,
    CellKind,
    fold_header,
)
from suppliers.connectors.feed.mapping.spec import Source
from suppliers.connectors.feed.rows import numbers
from suppliers.connectors.feed.rows.descriptions import YES_WORDS
from suppliers.connectors.feed.rows.numbers import GRAMS, MILLIMETERS

NO_CUSTOM: Mapping[str, str] = MappingProxyType({})
UNIT = re.compile(r"[\s_(\[](g|gr|grams|kg|oz|lb|lbs|mm|cm|m|in|inch)[)\]_]?$", re.IGNORECASE)
NUMBERED_IMAGE = re.compile(
    r"(?:main |additional )?(?:image|picture|photo|img|bild)(?: (?:url|link|src))? ?\d*"
)
WAREHOUSE = re.compile(
    r"(?:stock|qty|quantity|bestand|inventory) (?:in |at )?([a-z]{2}\d{0,2}|[a-z]+ ?\d+)"
)
NUMBER = re.compile(r"\d{1,4}(?:\.\d+)?")
MAX_KG = 30
UPLOAD_PREFIX = "upload:"  # of uploaded images in our exports
SEPARATORS = ("|", ";", ",")
PATH_SEPARATORS = (" > ", ">", "|", "/")
DISCONTINUED_IF_YES = {"deleted", "discontinued"}
DISCONTINUED_IF_NO = {"is sale", "active", "enabled"}


def suggest_mapping(
    headers: Sequence[str],
    rows: Iterable[Mapping[str, Any]] = (),
    *,
    custom: Mapping[str, str] = NO_CUSTOM,
) -> mappings.Mapping:
    """Suggest the likeliest source of each field, each column once; staff review it.

    Only a column named "weight" without more is used twice: for the parcel and for the light.

    ``custom`` maps the columns that name a custom attribute to its name.
    """
    rows = list(rows)
    unused = {header: known_name(header) for header in headers}
    fields: dict[str, Source] = {}
    for name, target in TARGETS.items():
        header = _find_header(unused, target.aliases)
        if header is None or (name == "battery" and not _is_flag(header, rows)):
            continue
        del unused[header]
        fields[name] = _source(header, target.kind, rows)
    parent = fields.get("parent")
    if parent and known_name(parent.column) == "model" and not _has_repeats(parent.column, rows):
        del fields["parent"]  # a model name: other brands may have the same
        fields.setdefault("mpn", parent)
    if "length" in fields and not {"width", "height"} <= fields.keys():
        header = fields["length"].column
        if (name := known_name(header)) in CLAIM_ALIASES["Length"]:
            del fields["length"]  # the light's length: a parcel would have three dimensions
            unused[header] = name
    claims, options = _take_columns(unused, CLAIM_ALIASES), _take_options(unused, headers)
    if (weight := fields.get("weight")) and known_name(weight.column) in CLAIM_ALIASES["Weight"]:
        claims.setdefault("Weight", weight)
    for header, label in custom.items():
        if header in unused and label not in claims:
            del unused[header]
            claims[label] = Source(column=header)
    images = [header for header, name in unused.items() if _is_image(name)]
    warehouses = () if "location" in fields else tuple(_warehouses(unused))
    return mappings.Mapping(
        fields=fields,
        images=tuple(
            Source(column=header, separator=_separator(header, rows, SEPARATORS, urls=True))
            for header in images
        ),
        options=options if "parent" in fields else {},
        claims=claims if "parent" in fields else {**claims, **options},
        warehouses=warehouses,
    )


def _take_columns(
    unused: dict[str, str], aliases: Mapping[str, Sequence[str]]
) -> dict[str, Source]:
    """Remove the columns with one of these names from ``unused``; return them by label."""
    columns = {}
    for label, names in aliases.items():
        header = _find_header(unused, names)
        if header is not None:
            del unused[header]
            columns[label] = Source(column=header)
    return columns


def _take_options(unused: dict[str, str], headers: Sequence[str]) -> dict[str, Source]:
    """Remove the columns of options from ``unused``; return them in the order of the file."""
    options = _take_columns(unused, OPTION_ALIASES)
    for header in [header for header in unused if header.startswith(OPTION_PREFIX)]:
        del unused[header]
        options[header.removeprefix(OPTION_PREFIX)] = Source(column=header)
    return dict(sorted(options.items(), key=lambda option: headers.index(option[1].column)))


def _find_header(unused: Mapping[str, str], aliases: Sequence[str]) -> str | None:
    for alias in aliases:
        for header, name in unused.items():
            if name == alias:
                return header
    return None


def _is_flag(header: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    for row in rows:
        try:
            if text := sources.text(row.get(header)):
                numbers.flag(text, value_map=YES_WORDS)
        except UnreadableError:
            return False
    return True


def _has_repeats(header: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a column groups rows: a text occurs twice. Without rows, it may."""
    texts = [text for row in rows if (text := sources.text(row.get(header)))]
    return not texts or len({*texts}) < len(texts)


def _is_image(name: str) -> bool:
    return name in IMAGE_ALIASES or NUMBERED_IMAGE.fullmatch(name) is not None


def _warehouses(unused: Mapping[str, str]) -> Iterable[mappings.Warehouse]:
    for header, name in unused.items():
        if match := WAREHOUSE.fullmatch(name):
            code = match[1].replace(" ", "").upper()
            country = code[:2] if code[:2].isalpha() and len(code) <= 4 else ""  # noqa: PLR2004
            yield mappings.Warehouse(
                source=Source(column=header), location=code[:30], country=country
            )


def _source(header: str, kind: CellKind, rows: Sequence[Mapping[str, Any]]) -> Source:
    name = fold_header(header)
    if kind in {CellKind.WEIGHT, CellKind.LENGTH}:
        return Source(column=header, unit=_unit(header, kind) or _implied_unit(header, kind, rows))
    if kind is CellKind.WORDS:
        choices = ("|", ";", ",") if name in TARGETS["features"].aliases else PATH_SEPARATORS
        return Source(column=header, separator=_separator(header, rows, choices))
    if name in DISCONTINUED_IF_YES:
        return Source(column=header, value_map=dict.fromkeys(("1", "yes", "true", "y"), "gone"))
    if name in DISCONTINUED_IF_NO:
        return Source(column=header, value_map=dict.fromkeys(("0", "no", "false", "n"), "gone"))
    return Source(column=header)


def _unit(header: str, kind: CellKind) -> str:
    known = GRAMS if kind is CellKind.WEIGHT else MILLIMETERS
    if match := UNIT.search(header):
        unit = match[1].casefold()
        return unit if unit in known else ""
    return "g" if kind is CellKind.WEIGHT and "grams" in fold_header(header) else ""


def _implied_unit(header: str, kind: CellKind, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return "kg" for weights without a unit that are too small for grams."""
    figures = [sources.text(row.get(header)).replace(",", ".") for row in rows]
    weights = [float(figure) for figure in figures if NUMBER.fullmatch(figure)]
    is_light = kind is CellKind.WEIGHT and len(weights) == sum(map(bool, figures))
    return "kg" if is_light and 0 < min(weights, default=0) < 1 and max(weights) < MAX_KG else ""


def _separator(
    header: str, rows: Sequence[Mapping[str, Any]], choices: Sequence[str], *, urls: bool = False
) -> str:
    cells = [sources.text(row.get(header)) for row in rows]
    for choice in choices:
        cut = [cell.split(choice) for cell in cells if choice in cell]
        if cut and (
            not urls or all(_is_picture(piece.strip()) for piece in cut[0] if piece.strip())
        ):
            return choice.strip()
    return ""


def _is_picture(text: str) -> bool:
    """Return whether a text is a URL, or names an uploaded image as our exports do."""
    return text.startswith(("http", UPLOAD_PREFIX))
