"""Drift comparison: compare what a store has with our listings, list each difference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storefront.lib.money import Money
from storefront.sales_channels.models import Drift
from storefront.sales_channels.platforms.base import VariantState
from storefront.sales_channels.publishing.listing_states import NO_COMPARE_AT, ListingState

Field = Drift.Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference. ``state`` is None for a variant of the store that is not ours.

    Units:  ``ours`` and ``theirs`` in units, or in cents of the channel's currency
    """

    sku: str
    field: Field
    state: ListingState | None = None
    ours: int | None = None
    theirs: int | None = None


def differences(state: ListingState, theirs: VariantState, *, is_shown: bool) -> list[Difference]:
    """Compare one variant. ``is_shown``: its product should be visible in the store."""
    currency = theirs.price.currency
    price = Money(state.price, currency).minor if state.price is not None else None
    compare_at = Money(state.compare_at, currency).minor
    their_compare_at = theirs.compare_at or Money(NO_COMPARE_AT, currency)
    found = [
        (Field.QUANTITY, state.quantity, theirs.quantity),
        (Field.PRICE, price, theirs.price.minor),
        (Field.COMPARE_AT, compare_at, their_compare_at.minor),
        (Field.HIDDEN, int(is_shown), int(theirs.is_active)),
    ]
    return [
        Difference(sku=state.sku, field=field, state=state, ours=ours, theirs=value)
        for field, ours, value in found
        if ours is not None and ours != value
    ]


def unknown_variants(
    theirs: Iterable[VariantState], ours: Mapping[str, ListingState]
) -> list[Difference]:
    """Return the variants of the store that are not ours; one for each SKU."""
    foreign = {
        each.sku or each.variant.variant_id: each
        for each in theirs
        if each.variant.variant_id not in ours
    }
    return [
        Difference(sku=sku, field=Field.UNKNOWN, theirs=each.quantity)
        for sku, each in foreign.items()
    ]
