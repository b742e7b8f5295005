"""The same goods in this supplier's words: another order, centimeters and kilograms. Pure."""

from __future__ import annotations

import html
import re

from storefront.dev.sandboxes.goods.product import Product

SIDES = re.compile(r"(\d+) × (\d+) × (\d+) mm")
GRAMS = re.compile(r"^(\d+) g")
LEFT_OUT = frozenset({"Length", "Head diameter", "Manufacturer"})


def title(product: Product) -> str:
    """Begin with what it is: ``Cap light Brassmoth Ermine 95 USB-C``."""
    if product.flaw in {"odd_letters", "impossible_lumens"}:
        return product.title
    noun = product.noun[:1].upper() + product.noun[1:]
    charging = product.charging if product.charging not in {"None", ""} else ""
    return " ".join(word for word in (noun, product.maker.name, product.model, charging) if word)


def description(product: Product) -> str:
    """Write the table as a list of lines."""
    lines = "".join(
        f"<li>{html.escape(label)}: {html.escape(_converted(value))}</li>"
        for label, value in product.specs
        if label not in LEFT_OUT
    )
    return f"<p>{product.lead}</p><ul>{lines}</ul>"


def _converted(value: str) -> str:
    if sides := SIDES.search(value):
        return " × ".join(f"{int(side) / 10:g}" for side in sides.groups()) + " cm"
    if grams := GRAMS.match(value):
        return f"{int(grams[1]) / 1000:g} kg{value[grams.end() :]}"
    return value
