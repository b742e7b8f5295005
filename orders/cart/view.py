"""Cart view: hold the lines, prices and stock of a cart as the customer sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from catalog.models import Variant
from orders.pricing.totals import PricedLine
from orders.tax.rates import CountryRate
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPromise:
    """Delivery window of an item, with its country of origin and destination."""

    arrives_from: date
    arrives_to: date
    country_from: str
    country_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line as the customer sees it. ``price_was`` is set if the price changed.

    ``promised`` is what the product page promised when the line was last added. ``unit`` is the
    quoted price if there is no current one. ``available`` is as listed:
    ``shipping.availability.availability.check_cart`` returns how many can be shipped to the cart's
    country.
    """

    id: int
    listing_id: int
    variant: Variant
    slug: str
    title: str
    titles: Mapping[str, str]
    options: str
    sku: str
    picture: str
    quantity: int
    unit: Money
    available: int
    is_sold_out: bool
    has_price: bool
    price_was: Money | None
    promised: DeliveryPromise | None
    intensity_cd: int | None
    output_lm: int | None
    is_restricted: bool = False  # not allowed in the cart's country

    @property
    def variant_id(self) -> int:
        return self.variant.pk

    @property
    def amount(self) -> Money:
        return self.unit * self.quantity

    @property
    def is_undeliverable(self) -> bool:
        """Return whether it is in stock, but not deliverable to the cart's country."""
        return not self.available and not self.is_sold_out

    @property
    def is_short(self) -> bool:
        return self.available < self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class CartView:
    """The cart as the customer sees it.

    Shape:  ``may_promote`` and ``tax`` as in ``cart.lines.CartContent``
    """

    lines: tuple[LineView, ...]
    subtotal: Money
    may_promote: bool = True
    tax: CountryRate | None = None

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def counted(self) -> dict[int, PricedLine]:
        """Return what is charged, by line id."""
        return {
            line.id: PricedLine(listing_id=line.listing_id, unit=line.unit, quantity=line.quantity)
            for line in self.lines
        }

    @property
    def variant_quantities(self) -> list[tuple[int, int]]:
        return [(line.variant_id, line.quantity) for line in self.lines]
