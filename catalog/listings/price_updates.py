"""Price updates: write calculated prices to listings, record each change with its breakdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from catalog.listings import price_holds
from catalog.models import Listing, PriceChange
from catalog.models.families import cached_families
from catalog.pricing import history
from catalog.pricing.breakdown import to_json
from catalog.pricing.guards import MAX_PRICE
from catalog.pricing.landed_cost import LandedCost
from catalog.pricing.price_calculation import Calculation, PricingInput
from catalog.pricing.rule_selection import RuleScope
from storefront.lib.db.bulk import quantized
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedListing:
    listing: Listing
    before: Decimal | None
    done: Calculation


class SupplierFigures(Protocol):
    """The supplier's figures of a ``Listing`` or a ``ListingSupply``."""

    @property
    def variant_id(self) -> int: ...
    @property
    def supplier_code(self) -> str: ...
    @property
    def origins(self) -> Sequence[str]: ...
    @property
    def map_amount(self) -> Decimal | None: ...
    @property
    def map_currency(self) -> str: ...
    @property
    def msrp_amount(self) -> Decimal | None: ...


def pricing_input(  # noqa: PLR0913 - the parts of one record
    figures: SupplierFigures,
    cost: Money | None,
    *,
    product_id: int,
    category_id: int,
    brand_id: int,
    family: str,
    fixed: Decimal | None,
) -> PricingInput:
    """Return the pricing input of a variant; without a ``cost`` no price can be calculated."""
    families = cached_families()
    return PricingInput(
        rule_scope=RuleScope(
            variant_id=figures.variant_id,
            supplier_code=figures.supplier_code,
            product_id=product_id,
            category_id=category_id,
            brand_id=brand_id,
        ),
        max_first_eur=families[family].max_first_price_eur if family in families else None,
        cost=cost,
        origins=tuple(figures.origins),
        map_amount=figures.map_amount,
        map_currency=figures.map_currency,
        msrp_amount=figures.msrp_amount,
        fixed=fixed,
    )


def supplier_columns(pricing_input: PricingInput) -> dict[str, Any]:
    cost = pricing_input.cost
    return {
        "wholesale_amount": quantized(Listing, "wholesale_amount", cost.amount)
        if cost is not None
        else None,
        "wholesale_currency": "" if cost is None else cost.currency,
        "supplier_code": pricing_input.rule_scope.supplier_code,
        "origins": list(pricing_input.origins),
        "map_amount": pricing_input.map_amount,
        "map_currency": pricing_input.map_currency,
        "msrp_amount": pricing_input.msrp_amount,
    }


def price_columns(done: Calculation, *, listing: Listing, currency: str) -> dict[str, Any]:
    """Return the price columns; a blocked price is replaced by the current one if that is allowed."""
    if done.cost is None or done.landed is None or done.rule is None:
        lost = (
            "cost_amount",
            "landed_amount",
            "break_even_amount",
            "floor_amount",
            "price_amount",
            "rule_id",
        )
        return dict.fromkeys(lost)
    price, rule_id = done.price, done.rule.id
    floor = done.verdict.floor if done.verdict else None
    if done.is_stopped:
        price = done.current.present if done.is_current_price_allowed else None
        rule_id = listing.rule_id or rule_id
    return {
        "cost_amount": quantized(
            Listing, "cost_amount", Money(done.cost, currency).rounded().amount
        ),
        "landed_amount": Money(done.landed.total, currency).rounded().amount,
        "floor_amount": floor and Money(floor, currency).rounded().amount,
        "break_even_amount": _break_even_price(done.landed, currency),
        "price_amount": price,
        "rule_id": rule_id,
    }


def _break_even_price(landed: LandedCost, currency: str) -> Decimal | None:
    even = landed.price_for_margin(Decimal(0))
    return None if even is None or even > MAX_PRICE else Money(even, currency).rounded().amount


@requires_transaction
def record_changes(priced: Sequence[PricedListing], *, now: datetime) -> None:
    """Record each price change with its breakdown, and each stopped price.

    A lost price counts as a change. When a listing gets a price again, its old price is the last
    published one; otherwise losing the price would bypass the guard on the daily change.
    Locks:  none; the caller holds the listings
    """
    moved = [entry for entry in priced if entry.listing.price_amount != entry.before]
    moments = history.change_times(listing_ids=[entry.listing.pk for entry in moved], now=now)
    changes = (
        PriceChange(
            listing=entry.listing,
            amount=entry.listing.price_amount,
            old_amount=entry.done.current.present if entry.before is None else entry.before,
            cost_amount=entry.listing.cost_amount,
            rule_id=entry.listing.rule_id,
            breakdown=to_json(entry.done),
            at=moments.get(entry.listing.pk, now),
        )
        for entry in moved
    )
    PriceChange.objects.bulk_create(changes)
    price_holds.update_holds({entry.listing: entry.done for entry in priced}, now=now)
