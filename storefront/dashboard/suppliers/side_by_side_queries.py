"""Suppliers side by side: read warehouses, documents, offers and shared costs of a few."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection

from catalog.models import ExchangeRate
from suppliers.models import (
    ComplianceDocument,
    Requirement,
    StockLocation,
    Supplier,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSums:
    """Counts of a supplier's active offers; ``median_ratio`` is its cost by the lowest one."""

    offers: int
    linked: int
    shared: int
    cheapest: int
    median_ratio: Decimal | None


NO_OFFERS = OfferSums(offers=0, linked=0, shared=0, cheapest=0, median_ratio=None)

# A variant that a supplier offers twice counts once, at the lower cost.
_OFFERS = """
WITH rate AS (
  SELECT * FROM unnest(%(currencies)s::text[], %(rates)s::numeric[]) AS rate (currency, value)
), listed AS (
  SELECT supplier_id, count(*) AS offers,
    count(*) FILTER (WHERE variant_id IS NOT NULL AND cost_amount > 0) AS linked
  FROM suppliers_supplieroffer
  WHERE supplier_id = ANY(%(suppliers)s) AND status = 'active'
  GROUP BY supplier_id
), cost AS (
  SELECT offer.supplier_id, offer.variant_id, min(offer.cost_amount * rate.value) AS amount
  FROM suppliers_supplieroffer offer JOIN rate ON rate.currency = offer.currency
  WHERE offer.supplier_id = ANY(%(suppliers)s) AND offer.status = 'active'
    AND offer.variant_id IS NOT NULL AND offer.cost_amount > 0
  GROUP BY offer.supplier_id, offer.variant_id
), compared AS (
  SELECT supplier_id, amount, min(amount) OVER each AS lowest, count(*) OVER each AS sources
  FROM cost WINDOW each AS (PARTITION BY variant_id)
), shared AS (
  SELECT supplier_id, count(*) AS shared, count(*) FILTER (WHERE amount = lowest) AS cheapest,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY amount / lowest) AS median_ratio
  FROM compared WHERE sources > 1
  GROUP BY supplier_id
)
SELECT listed.supplier_id, offers, linked, coalesce(shared, 0), coalesce(cheapest, 0), median_ratio
FROM listed LEFT JOIN shared ON shared.supplier_id = listed.supplier_id
"""


def warehouses(chosen: Sequence[Supplier]) -> dict[int, list[str]]:
    """Return the countries of each supplier's warehouses."""
    found: dict[int, list[str]] = {}
    rows = StockLocation.objects.filter(supplier__in=chosen).order_by("country")
    for supplier_id, country in rows.values_list("supplier_id", "country").distinct():
        found.setdefault(supplier_id, []).append(country)
    return found


def missing_documents(chosen: Sequence[Supplier], *, today: date) -> dict[int, list[str]]:
    """Return the labels of the required documents that each supplier lacks."""
    rows = ComplianceDocument.objects.valid(today).filter(supplier__in=chosen)
    valid = set(rows.values_list("supplier_id", "criterion"))
    return {
        supplier.pk: [
            str(Requirement(name).label)
            for name in settings.VETTING_REQUIRED
            if (supplier.pk, name) not in valid
        ]
        for supplier in chosen
    }


def offers(chosen: Sequence[Supplier], *, now: datetime) -> dict[int, OfferSums]:
    """Return the sums of each supplier that has active offers. Two statements at most."""
    rates = _rates({supplier.currency for supplier in chosen}, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            _OFFERS,
            {
                "suppliers": [supplier.pk for supplier in chosen],
                "currencies": list(rates),
                "rates": list(rates.values()),
            },
        )
        return {
            supplier_id: OfferSums(
                offers=offers,
                linked=linked,
                shared=shared,
                cheapest=cheapest,
                median_ratio=None if ratio is None else Decimal(str(ratio)),
            )
            for supplier_id, offers, linked, shared, cheapest, ratio in cursor.fetchall()
        }


def _rates(currencies: Iterable[str], *, now: datetime) -> Mapping[str, Decimal]:
    """Return the values of currencies in one of ours: the one that most of them have a rate to.

    A currency without a current rate is left out: its costs are not compared.
    """
    wanted = sorted(set(currencies))
    if len(wanted) == 1:
        return {wanted[0]: Decimal(1)}
    found: dict[str, dict[str, Decimal]] = {currency: {} for currency in wanted}
    for rate in ExchangeRate.objects.valid(now).filter(base__in=wanted):
        found.setdefault(rate.quote, {})[rate.base] = rate.rate
    for currency in wanted:
        found[currency][currency] = Decimal(1)
    return max(found.values(), key=len)
