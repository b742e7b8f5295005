"""Product workload: choose the products that customers buy, let the supplier run short of one."""

from collections.abc import Iterator
from typing import NamedTuple

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from catalog.models import Channel, ProductCard
from storefront.dev.bench.harness import buyers
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from suppliers.models import StockLevel, Supplier, SyncRun
from suppliers.sync.tasks import sync_now

# Supplier, and whether only one location has the product. The first is the hot product. If CJ
# rejects the third or fourth, another location or supplier has it.
WANTED_KINDS = (
    *[("cj", True)] * 2,
    *[("cj", False)] * 2,
    *[("bigbuy", False)] * 2,
    *[("feed", False)] * 2,
)
VARIETY = len(WANTED_KINDS)
MIN_UNITS = 40
SUPPLIERS = ("cj-sandbox", "bigbuy-sandbox", "feed-sandbox")


class SellableProduct(NamedTuple):
    """A product that a guest can buy; ``kind`` as in ``WANTED_KINDS``."""

    slug: str
    variant_id: int
    kind: tuple[str, bool]


class TooFewProductsError(RuntimeError):
    """The suppliers have too few products for a run."""


class _NullOutput:
    def write(self, _: str) -> None:
        return None


def sync(*suppliers: str) -> None:
    """Sync suppliers in this process."""
    for supplier in suppliers:
        call_command("supplier", "sync", supplier, stdout=_NullOutput())


def queue_syncs() -> None:
    """Queue syncs of all stock lists except CJ's: it would reveal a sold-out product too early."""
    try:
        for supplier in Supplier.objects.exclude(adapter="cj"):
            sync_now.delay(supplier_id=supplier.pk, kind=SyncRun.Kind.STOCK)
    finally:
        connection.close()  # of the fault thread


def choose(place: Instance, *, hot_units: int) -> tuple[list[SellableProduct], int]:
    """Return products of the ``WANTED_KINDS`` kinds, and how many units of the first may be sold.

    Raises: TooFewProductsError
    """
    found: list[SellableProduct] = []
    missing = list(WANTED_KINDS)
    for light in _sellable_products():
        if light.kind in missing:
            missing.remove(light.kind)
            found.append(light)
        if not missing:
            break
    if missing:
        raise TooFewProductsError(f"no light is {missing}")
    found.sort(key=lambda light: WANTED_KINDS.index(light.kind))
    hot = limit_stock(place, found[0], units=hot_units)
    sync(SUPPLIERS[0])
    hot.refresh_from_db()
    if hot.reported_quantity != hot_units:
        raise TooFewProductsError(f"we believe that there are {hot.reported_quantity}")
    return found, hot_units - hot.safety_stock


def limit_stock(place: Instance, light: SellableProduct, *, units: int) -> StockLevel:
    """Set the supplier's stock of a product."""
    hot = StockLevel.objects.select_related("offer__supplier", "location").get(
        offer__variant=light.variant_id, reported_quantity__gt=0
    )
    _set_units(place, hot, units=units)
    return hot


def sell_out(place: Instance, light: SellableProduct) -> None:
    """Set the stock to zero at the location that the product is sold from."""
    levels = StockLevel.objects.select_related("offer__supplier", "location").filter(
        offer__variant=light.variant_id, reported_quantity__gt=0
    )
    try:
        sold_from = levels.order_by("-order_lines__pk").filter(order_lines__isnull=False)
        level = sold_from.first() or levels.order_by("pk").first()
    finally:
        connection.close()  # of the fault thread
    if level is not None:
        _set_units(place, level, units=0)


def _set_units(place: Instance, level: StockLevel, *, units: int) -> None:
    named = {"vid": level.offer.supplier_sku, "sku": level.offer.supplier_sku}
    body = {**named, "warehouse": level.location.code, "quantity": units, "silent": True}
    control(place.supplier_urls[level.offer.supplier.adapter], "stock", body)


def _sellable_products() -> Iterator[SellableProduct]:
    """Yield products for sale, lazily: each takes a while."""
    channel = Channel.objects.get(code="shop")
    cards = ProductCard.objects.filter(channel=channel, available__gte=MIN_UNITS).order_by("pk")
    for slug in cards.values_list("slug", flat=True):
        if light := _sellable_product(channel, slug):
            yield light


def _sellable_product(channel: Channel, slug: str) -> SellableProduct | None:
    """Return the variant of a product page, if it can be shipped home by the cheapest tier."""
    now = timezone.now()
    listing = buyers.shown_listing(slug, now)
    filled = buyers.filled_cart(channel, listing, now) if listing else None
    if listing is None or filled is None or filled.quote is None:
        return None
    quote = filled.quote
    levels = StockLevel.objects.filter(offer__variant=listing.variant_id, reported_quantity__gt=0)
    sender = Supplier.objects.get(pk=quote.parcels[0].parcel.supplier_id).adapter
    return SellableProduct(
        slug, listing.variant_id, (sender, sender == "cj" and levels.count() == 1)
    )
