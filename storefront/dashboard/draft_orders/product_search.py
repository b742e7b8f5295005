"""Product search of a draft: find listings by title, SKU, GTIN or part number, with their stock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.models import Listing
from catalog.staff_search.variants import search_variants
from orders.models import Cart
from shipping.availability import availability
from shipping.rates.quotes import QuotedPromise
from storefront.lib.money import Money

MAX_RESULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A listing of the draft's market. ``promise`` is None if none can be delivered there.

    ``quantity`` is what the draft has of it.
    """

    listing: Listing
    price: Money
    most: int
    promise: QuotedPromise | None
    quantity: int


def find(
    text: str, *, draft: Cart, quantities: Mapping[int, int], now: datetime
) -> tuple[list[Result], bool]:
    """Return the published listings that have the text, and whether there are more.

    Shape:  ``quantities`` of the draft by listing id
    """
    found = (
        Listing.objects.on(draft.channel)
        .published()
        .filter(search_variants(text, path="variant__"))
    )
    listings = list(
        found.select_related("variant__product").order_by("-available", "pk")[: MAX_RESULTS + 1]
    )
    is_cut, listings = len(listings) > MAX_RESULTS, listings[:MAX_RESULTS]
    checked = (
        availability.check_variants(
            variant_ids=[listing.variant_id for listing in listings],
            country=draft.country,
            channel=draft.channel,
            now=now,
        )
        if listings
        else {}
    )
    results = []
    for listing in listings:
        known = checked.get(listing.variant_id)
        results.append(
            Result(
                listing=listing,
                price=Money(listing.price_amount or Decimal(0), draft.channel.currency),
                most=known.most if known else 0,
                promise=known.promise if known else None,
                quantity=quantities.get(listing.pk, 0),
            )
        )
    return results, is_cut
