"""Availability: list why a stock row of an offer is not for sale.

Publication, routing, the offer comparison and tests use it. ``SupplierOfferQuerySet.sellable`` has
the conditions about the offer and its supplier in SQL.
"""

from dataclasses import dataclass
from enum import StrEnum

from suppliers.models import SupplierOffer


class UnavailableReason(StrEnum):
    """Why a stock row is not for sale in any quantity; the first is the most decisive."""

    SUPPLIER = "supplier"  # not active
    DISCONTINUED = "discontinued"  # no longer listed
    ON_HOLD = "on_hold"  # quarantined, or stopped by staff
    MISSING_CERTIFICATE = "missing_certificate"
    NO_COST = "no_cost"
    MISSING_RATE = "missing_rate"  # no current exchange rate
    STALE_COST = "stale_cost"
    STALE_STOCK = "stale_stock"
    OUT_OF_STOCK = "out_of_stock"  # none above the safety stock


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFacts:
    """What is known about a stock row. ``units`` are those above the safety stock.

    The defaults describe a sellable offer.
    """

    units: int
    has_fresh_stock: bool
    has_fresh_cost: bool
    is_supplier_active: bool = True
    status: str = SupplierOffer.Status.ACTIVE
    lacks_certificate: bool = False
    has_cost: bool = True
    has_rate: bool = True


def reasons(facts: StockFacts) -> list[UnavailableReason]:
    """Return every reason why a stock row is not for sale, in the order of the enum.

    ``OUT_OF_STOCK`` is not reported while the stock data is outdated.
    """
    against = (
        (UnavailableReason.SUPPLIER, not facts.is_supplier_active),
        (UnavailableReason.DISCONTINUED, facts.status == SupplierOffer.Status.DISCONTINUED),
        (UnavailableReason.ON_HOLD, facts.status == SupplierOffer.Status.ON_HOLD),
        (UnavailableReason.MISSING_CERTIFICATE, facts.lacks_certificate),
        (UnavailableReason.NO_COST, not facts.has_cost),
        (UnavailableReason.MISSING_RATE, not facts.has_rate),
        (UnavailableReason.STALE_COST, not facts.has_fresh_cost),
        (UnavailableReason.STALE_STOCK, not facts.has_fresh_stock),
        (UnavailableReason.OUT_OF_STOCK, facts.has_fresh_stock and facts.units <= 0),
    )
    return [reason for reason, holds in against if holds]
