"""Cart lines: read each line with all that pages and orders need, and its stock, in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from catalog.models import Image, Listing
from orders.models import Cart, CartLine, Order, Promotion, TaxRate
from orders.models.cart import CART_RETENTION
from orders.tax.rates import CountryRate
from storefront.lib.db.prepared_queries import PreparedQuery
from suppliers.inventory import stock_rows
from suppliers.inventory.stock_rows import StockRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedLine:
    """One line of a cart, with its listing, variant, product and spec.

    ``is_for_sale`` is as in product lists and needs recent supply data. ``is_shown`` only needs a
    published listing. ``picture`` is the file stem of the variant's first picture, if any.
    """

    row: CartLine
    is_for_sale: bool
    is_shown: bool
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CartContent:
    """The content of a cart at one moment.

    Shape:  ``lines`` in the order they were added; ``may_promote``: false if no automatic
            promotion is active; ``tax``: None if it depends on the region; both are unknown
            without lines; ``stock``: the stock rows of all lines, None if they were not read
    """

    cart: Cart | None = None
    lines: Sequence[LoadedLine] = ()
    stock: Sequence[StockRow] | None = None
    may_promote: bool = True
    tax: CountryRate | None = None
    is_placed: bool = False

    @property
    def rows(self) -> list[CartLine]:
        return [line.row for line in self.lines]


def load_content(*, cart: Cart, now: datetime) -> CartContent:
    """Return the content of a cart with its stock rows."""
    return _to_content(_BY_CART(cart_id=cart.pk, now=now, on=now.date()), now)


def load_locked(*, cart_id: int, now: datetime) -> CartContent:
    """Return the content of a cart that the caller has locked, and the cart, if it has lines."""
    return _to_content(_LOCKED(cart_id=cart_id, now=now, on=now.date()), now)


def find(*, token: str, now: datetime) -> tuple[Cart, CartContent] | None:
    """Return a cart as ``carts.find`` does, with its content; None if it is empty."""
    rows = _BY_TOKEN(token=token, since=now - CART_RETENTION, now=now, on=now.date())
    return (rows[0].cart, _to_content(rows, now)) if rows else None


def _to_content(rows: Sequence[CartLine], now: datetime) -> CartContent:
    if not rows:
        return CartContent()
    first = cast(Any, rows[0])
    tax = None
    if not first.has_regions:
        tax = CountryRate(country=first.goes_to, on=now.date(), rate=first.country_rate)
    stock = [stock_rows.read_with(row) for row in rows]
    return CartContent(
        cart=first.cart,
        lines=[_to_line(row) for row in rows],
        stock=None if None in stock else [row for of_line in stock for row in of_line or ()],
        may_promote=first.may_promote,
        tax=tax,
        is_placed=first.is_placed,
    )


def _to_line(row: CartLine) -> LoadedLine:
    values = cast(Any, row)
    return LoadedLine(
        row=row,
        is_for_sale=values.is_for_sale,
        is_shown=values.is_shown,
        picture=values.first_picture or "",
    )


# Long columns that neither cart nor order shows.
_PRODUCT = ("description_html", "option_names", "overridden_fields")
_SPEC = ("power_sources", "charging", "features", "light_colors", "more", "sources", "warnings")
LONG_FIELDS = (
    "overridden_fields",
    *(f"product__{name}" for name in _PRODUCT),
    *(f"product__spec__{name}" for name in _SPEC),
)


def _annotate(lines: QuerySet[CartLine], now: datetime, on: date) -> QuerySet[CartLine]:
    listing, country = OuterRef("listing"), OuterRef("cart__country")
    pictures = Image.objects.showing(
        product=OuterRef("listing__variant__product"),
        variant=OuterRef("listing__variant"),
        color=OuterRef("listing__variant__color"),
    )
    automatic = Promotion.objects.redeemable(channel=OuterRef("cart__channel"), now=now)
    rates = TaxRate.objects.filter(country=country, region="", valid_from__lte=on)
    return (
        lines.select_related("cart__channel", "listing__variant__product__spec")
        .defer(*(f"listing__variant__{name}" for name in LONG_FIELDS))
        .annotate(
            is_for_sale=Exists(Listing.objects.for_sale(now).filter(pk=listing)),
            is_shown=Exists(Listing.objects.published().filter(pk=listing, is_delisted=False)),
            first_picture=Subquery(pictures.values("stem")[:1]),
            is_placed=Exists(Order.objects.filter(cart=OuterRef("cart"))),
            may_promote=Exists(automatic.filter(needs_code=False)),
            goes_to=F("cart__country"),
            country_rate=Subquery(rates.order_by("-valid_from").values("rate")[:1]),
            has_regions=Exists(TaxRate.objects.filter(country=country).exclude(region="")),
        )
        .order_by("pk")
    )


def _with_stock(lines: QuerySet[CartLine], now: datetime) -> QuerySet[CartLine]:
    return lines.annotate(stock=stock_rows.rows_of(OuterRef("listing__variant"), now))


def _by_cart(*, cart_id: int, now: datetime, on: date) -> QuerySet[CartLine]:
    return _with_stock(_locked(cart_id=cart_id, now=now, on=on), now)


def _by_token(*, token: str, since: datetime, now: datetime, on: date) -> QuerySet[CartLine]:
    lines = CartLine.objects.filter(
        cart__token=token, cart__order__isnull=True, cart__updated_at__gte=since
    )
    return _with_stock(_annotate(lines, now, on), now)


def _locked(*, cart_id: int, now: datetime, on: date) -> QuerySet[CartLine]:
    return _annotate(CartLine.objects.filter(cart=cart_id), now, on)


_BY_CART, _BY_TOKEN = PreparedQuery(_by_cart), PreparedQuery(_by_token)
_LOCKED = PreparedQuery(_locked)
