"""The three warehouses, and what lay in them on the first day. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.dev.sandboxes.goods.product import Product, Variant
from storefront.dev.sandboxes.goods.randomness import Dice


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    area_id: str
    stock_id: str
    name: str
    name_cn: str
    country: str
    country_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """What lies of one variant in one warehouse, and what the maker still has for it."""

    ready: int
    at_factory: int

    @property
    def total(self) -> int:
        return self.ready + self.at_factory


AREAS = (
    Area(
        area_id="1",
        stock_id="{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1001}",
        name="China Warehouse",
        name_cn="中国仓",
        country="CN",
        country_name="China",
    ),
    Area(
        area_id="2",
        stock_id="{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1002}",
        name="Germany Warehouse",
        name_cn="德国仓",
        country="DE",
        country_name="Germany",
    ),
    Area(
        area_id="3",
        stock_id="{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1003}",
        name="US Warehouse",
        name_cn="美国仓",
        country="US",
        country_name="United States of America",
    ),
)
BY_COUNTRY = {area.country: area for area in AREAS}
NEGATIVE = -5


def countries(product: Product, *, seed: int) -> tuple[str, ...]:
    """Say where a product is kept: most in China, many in Germany as well, some only there."""
    lot = Dice(seed, "areas", product.subject).share()
    if lot < 0.08:  # noqa: PLR2004 shares of the whole
        return ("DE",)
    if lot < 0.35:  # noqa: PLR2004
        return ("CN",)
    if lot < 0.65:  # noqa: PLR2004
        return ("CN", "DE")
    return ("CN", "DE", "US") if lot < 0.9 else ("CN", "US")  # noqa: PLR2004


def first_pile(product: Product, variant: Variant, *, country: str, seed: int) -> Pile:
    dice = Dice(seed, "stock", product.subject, variant.place, country)
    if product.flaw == "negative_stock":
        return Pile(ready=NEGATIVE, at_factory=0)
    if dice.chance(0.06):
        return Pile(ready=0, at_factory=0)
    if country == "CN":
        return Pile(ready=dice.whole(20, 900), at_factory=dice.pick((0, 0, 500, 2000)))
    return Pile(ready=dice.whole(3, 140), at_factory=0)
