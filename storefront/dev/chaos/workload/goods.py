"""Goods workload: choose the products that customers buy, let the supplier run short of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from catalog.models import Card, Channel, Listing
from orders.cart import carts
from storefront.dev.bench.harness.buyers import HOME, TIER
from storefront.dev.bench.harness.checkout_script import field_in
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.runtime.ports import HOST
from storefront.web.cart.summary import fill
from suppliers.models import StockLevel

VARIETY = 6
LONELY = 2  # lie in one place
ENOUGH = 40
SUPPLIER = "cj-sandbox"


class Light(NamedTuple):
    """One light that a guest can buy; ``places`` is in how many warehouses it lies."""

    slug: str
    variant_id: int
    places: int


class NothingToSellError(RuntimeError):
    """The supplier has too few lights for a run."""


class _Silence:
    def write(self, _: str) -> None:
        return None


def sync() -> None:
    """Hear from the supplier what he has."""
    call_command("supplier", "sync", SUPPLIER, stdout=_Silence())


def choose(place: Instance, *, hot_units: int) -> tuple[list[Light], int]:
    """Return different lights, and how many of the first may be sold: it lies in one place alone.

    So does the second; the others lie in several, so that what is refused here comes from there.

    Raises: NothingToSellError
    """
    lonely: list[Light] = []
    others: list[Light] = []
    for light in _lights():
        (lonely if light.places == 1 else others).append(light)
        if len(lonely) >= LONELY and len(others) >= VARIETY - LONELY:
            break
    found = [*lonely[:LONELY], *others[: VARIETY - LONELY]]
    if len(found) < VARIETY:
        raise NothingToSellError(f"{len(lonely)} lights in one place, {len(others)} in several")
    hot = limit(place, found[0], units=hot_units)
    sync()
    hot.refresh_from_db()
    if hot.reported_quantity != hot_units:
        raise NothingToSellError(f"we believe that there are {hot.reported_quantity}")
    return found, hot_units - hot.buffer


def limit(place: Instance, light: Light, *, units: int) -> StockLevel:
    """Leave so many of one light at the supplier, who says so when he is asked."""
    hot = StockLevel.objects.select_related("offer", "location").get(
        offer__variant=light.variant_id, reported_quantity__gt=0
    )
    _leave(place, hot, units=units)
    return hot


def sell_out(place: Instance, light: Light) -> None:
    """Empty the shelf from which a light is sold now; he tells when he is asked for it."""
    shelves = StockLevel.objects.select_related("offer", "location").filter(
        offer__variant=light.variant_id, reported_quantity__gt=0
    )
    try:
        sold_from = shelves.order_by("-order_lines__pk").filter(order_lines__isnull=False)
        shelf = sold_from.first() or shelves.order_by("pk").first()
    finally:
        connection.close()  # of the thread that strikes
    if shelf is not None:
        _leave(place, shelf, units=0)


def _leave(place: Instance, shelf: StockLevel, *, units: int) -> None:
    wish = {
        "vid": shelf.offer.supplier_sku,
        "warehouse": shelf.location.code,
        "quantity": units,
        "silent": True,
    }
    control(place.supplier_url, "stock", wish)


def _lights() -> Iterator[Light]:
    """Look for lights that can be sold, one page at a time: each takes a moment."""
    channel = Channel.objects.get()
    cards = Card.objects.filter(channel=channel, available__gte=ENOUGH).order_by("pk")
    for slug in cards.values_list("slug", flat=True):
        if light := _light(channel, slug):
            yield light


def _light(channel: Channel, slug: str) -> Light | None:
    """Read which variant a page opens with, and whether it can be sent home the cheap way."""
    now = timezone.now()
    page = Client(HTTP_HOST=HOST).get(f"/en/p/{slug}/")
    listing_id = int(field_in(page.content, "listing") or 0)
    listing = Listing.objects.for_sale(now).filter(pk=listing_id).first()
    if listing is None:
        return None
    cart = carts.open_cart(channel=channel, country=HOME.country, locale="en", now=now)
    carts.add(cart=cart, listing_id=listing.pk, quantity=1, now=now)
    quote = fill(cart=cart, country=HOME.country, now=now, chosen_way=TIER).quote
    cart.delete()
    if quote is None or quote.tier != TIER:
        return None
    levels = StockLevel.objects.filter(offer__variant=listing.variant_id, reported_quantity__gt=0)
    return Light(slug, listing.variant_id, levels.count())
