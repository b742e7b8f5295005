"""BigBuy products: choose them, find them by id or SKU, describe them as BigBuy does. Pure.

Most are the products of the CJ sandbox with other titles and SKUs, in centimeters and kilograms.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from storefront.dev.sandboxes.goods.catalog import Range
from storefront.dev.sandboxes.goods.generator import make
from storefront.dev.sandboxes.goods.identifiers import FIRST_BAD_SUBJECT
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws

# Every fourth product is BigBuy's own; the others come from the catalog that all sandboxes share.
SHARED_OF = 4
OWN_FROM = 1_000_000
FIRST_ID = 70_001
FIRST_SKU = 7_100_000
MAX_VARIANTS = 16
WITH_GTIN = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item that can be ordered: a product without variations, or a variation."""

    product: Product
    variant: Variant
    id: int  # of the product, or of the variation
    sku: str
    is_variation: bool


class Goods(Range):
    """Good and bad products, found by id or SKU."""

    def ids(self) -> range:
        return range(FIRST_ID, FIRST_ID + len(self))

    def _make(self, subject: int) -> Product:
        place = subject - FIRST_ID
        if place >= self.count:
            return super()._make(FIRST_BAD_SUBJECT + place - self.count)
        is_own = place % SHARED_OF == SHARED_OF - 1
        return make(OWN_FROM + place if is_own else place, seed=self.seed)

    def sku(self, key: int) -> str:
        return f"S{FIRST_SKU + key - FIRST_ID}"

    def items(self, key: int) -> list[Item]:
        """Return the items of a product: none, the product itself, or its variations."""
        product = self.product(key)
        if len(product.variants) == 1:
            only = product.variants[0]
            return [
                Item(product=product, variant=only, id=key, sku=self.sku(key), is_variation=False)
            ]
        return [
            Item(
                product=product,
                variant=variant,
                id=key * MAX_VARIANTS + variant.place,
                sku=f"V{key * MAX_VARIANTS + variant.place:09d}",
                is_variation=True,
            )
            for variant in product.variants
        ]

    def by_sku(self, sku: str) -> tuple[int, Item] | None:
        """Return the item with a SKU, and the id of its product."""
        kind, digits = sku[:1], sku[1:]
        if kind not in {"S", "V"} or not (digits.isascii() and digits.isdecimal()):
            return None
        number = int(digits)
        key = number - FIRST_SKU + FIRST_ID if kind == "S" else number // MAX_VARIANTS
        if key not in self.ids():
            return None
        return next(((key, item) for item in self.items(key) if item.sku == sku), None)

    def by_pid(self, pid: str) -> Product | None:
        """Return the product with this picture id."""
        return next((p for key in self.ids() if (p := self.product(key)).pid == pid), None)

    def lists_gtin(self, product: Product) -> bool:
        """Return whether BigBuy lists the GTIN of this product, not only its part number."""
        return RandomDraws(self.seed, "bigbuy gtin", product.subject).chance(WITH_GTIN)

    def all_items(self) -> Iterator[tuple[int, Item]]:
        for key in self.ids():
            for item in self.items(key):
                yield key, item


# BigBuy's wording

SIDES = re.compile(r"(\d+) × (\d+) × (\d+) mm")
GRAMS = re.compile(r"^(\d+) g")
OMITTED_LABELS = frozenset({"Length", "Head diameter", "Manufacturer", "EU responsible person"})


def title(product: Product) -> str:
    """Return the title, beginning with the noun: ``Cap light Brassmoth Ermine 95 USB-C``."""
    if product.flaw in {"odd_letters", "impossible_lumens"}:
        return product.title
    noun = product.noun[:1].upper() + product.noun[1:]
    charging = product.charging if product.charging not in {"None", ""} else ""
    return " ".join(word for word in (noun, product.brand.name, product.model, charging) if word)


def description(product: Product) -> str:
    """Return the specification table as a list of lines."""
    lines = "".join(
        f"<li>{html.escape(label)}: {html.escape(_converted(value))}</li>"
        for label, value in product.specs
        if label not in OMITTED_LABELS
    )
    return f"<p>{product.lead}</p><ul>{lines}</ul>"


def _converted(value: str) -> str:
    if sides := SIDES.search(value):
        return " × ".join(f"{int(side) / 10:g}" for side in sides.groups()) + " cm"
    if grams := GRAMS.match(value):
        return f"{int(grams[1]) / 1000:g} kg{value[grams.end() :]}"
    return value
