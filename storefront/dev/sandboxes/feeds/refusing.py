"""What he ships of an order, and what not, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

# His carrier's labels have no more room, and a parcel there is not sorted without a province.
LONGEST_LINE = 70
WITH_PROVINCES = frozenset({"AU", "CA", "ES", "IT", "US"})
NEEDED = ("name", "line1", "postcode", "city", "country")
MOST_UNITS = 1_000


def refusals(
    lines: Sequence[Mapping[str, Any]], ship_to: Mapping[str, str], *, on_sale: Collection[str]
) -> list[str]:
    """Return why he does not ship each line, or nothing; an address refuses all of them."""
    wrong = address_problem(ship_to)
    return [wrong or _line_problem(line, on_sale) for line in lines]


def address_problem(ship_to: Mapping[str, str]) -> str:
    missing = [name for name in NEEDED if not ship_to.get(name, "").strip()]
    if missing:
        return f"missing {missing[0]}"
    if ship_to["country"] in WITH_PROVINCES and not ship_to.get("region", "").strip():
        return "missing province"
    if any(len(ship_to.get(name, "")) > LONGEST_LINE for name in ("name", "line1", "line2")):
        return f"an address line is over {LONGEST_LINE} characters"
    return ""


def _line_problem(line: Mapping[str, Any], on_sale: Collection[str]) -> str:
    if line["sku"] not in on_sale:
        return "unknown SKU"
    if not 0 < line["quantity"] <= MOST_UNITS:
        return "no possible quantity"
    return ""
