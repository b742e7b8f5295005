"""Product cards: collect what a card shows, render its HTML, cache it by content.

Most of a list page is cards, and most visitors see the same ones. Each process keeps the cards that
it rendered last, by their content. ``availability_for`` finds the availability and delivery that a
card states; the product page states the same.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.template import engines
from django.urls import get_script_prefix
from django.utils.translation import get_language
from markupsafe import Markup

from catalog.models import Channel
from catalog.search.cards import ProductCardRow
from shipping.availability import availability
from shipping.availability.reach import Availability
from storefront.web.catalog.product_title import product_title

CARD_CACHE_SIZE = 4096  # about 3 KB each


class Stock(StrEnum):
    """Availability to the customer. ``UNDELIVERABLE``: in stock, but cannot ship to the country."""

    IN = "in"
    OUT = "out"
    UNDELIVERABLE = "lost"


class CardContent(NamedTuple):
    """All that a card shows of one product, and the cache key of its HTML.

    A tuple: hashed and compared for each card of each list.
    """

    slug: str
    title: str
    brand: str
    family: str
    picture: str
    price_amount: Decimal
    currency: str
    has_more_prices: bool
    stock: Stock
    country: str
    output_lm: int | None
    intensity_cd: int | None
    runtime_min: int | None
    weight_g: int | None
    ip_rating: str
    power: tuple[str, ...]
    battery_format: str
    capacity_mah: int | None
    arrives: tuple[date, date] | None
    prices_exclude_tax: bool


def availability_of(light: ProductCardRow, answer: Availability | None, now: datetime) -> Stock:
    """Return the stock status of a card: out if the listing or ``answer`` says so."""
    if not light.is_available(now) or (answer and answer.is_sold_out):
        return Stock.OUT
    return Stock.UNDELIVERABLE if answer and answer.is_undeliverable else Stock.IN


def card(  # noqa: PLR0913 - all parts of one card
    light: ProductCardRow,
    now: datetime,
    currency: str,
    answer: Availability | None = None,
    *,
    country: str = "",
    prices_exclude_tax: bool = False,
    heading: str = "h3",
    is_first: bool = False,
    can_compare: bool = True,
) -> Markup:
    """Return the card as HTML in the active language."""
    stock = availability_of(light, answer, now)
    promise = answer.promise if answer else None
    content = CardContent(
        light.slug,
        product_title(light),
        light.brand,
        light.family,
        light.picture,
        light.price_amount,
        currency,
        light.has_more_prices,
        stock,
        country if stock is Stock.UNDELIVERABLE else "",
        light.output_lm,
        light.intensity_cd,
        light.runtime_min,
        light.weight_g,
        light.ip_rating,
        tuple(light.power),
        light.battery_format,
        light.capacity_mah,
        (promise.arrives_from, promise.arrives_to) if promise else None,
        prices_exclude_tax,
    )
    language = get_language() or settings.LANGUAGE_CODE
    # uncached, so that edits of the template show
    render = _rendered.__wrapped__ if settings.DEBUG else _rendered
    prefix = get_script_prefix()
    return render(content, language, prefix, heading, is_first=is_first, can_compare=can_compare)


@lru_cache(maxsize=CARD_CACHE_SIZE)
def _rendered(  # noqa: PLR0913 - the cache key
    content: CardContent,
    language: str,
    prefix: str,
    heading: str,
    *,
    is_first: bool,
    can_compare: bool,
) -> Markup:
    del language, prefix  # the active language and the path of the market: parts of the cache key
    engine: Any = engines["jinja"]
    macros = engine.env.get_template("web/catalog/product_card.html").module
    html: Markup = macros.card(content, heading, is_first, can_compare)
    return html


# Availability


def availability_for(
    cards: Iterable[ProductCardRow], *, country: str, channel: Channel, now: datetime
) -> dict[int, Availability]:
    """Return the availability of the variant that each card shows, by product id.

    The product page opens with the same variant and shows the same availability.
    """
    shown = {card.variant_id: card for card in cards}
    availabilities = availability.check_listed_variants(
        shown=shown, country=country, channel=channel, now=now
    )
    return {card.product_id: availabilities[variant_id] for variant_id, card in shown.items()}
