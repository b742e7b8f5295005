"""Supply invalidation: queue variants after exchange rates or a channel's stock terms changed."""

from __future__ import annotations

from django.db.models import F, Q

from catalog.enums import RateStanding as Standing
from catalog.models import Channel, ExchangeRate
from storefront.lib.db.transactions import needs_transaction
from suppliers.runs.staging import run

# Offers whose currency lost or regained its exchange rate.
RATES_TURNED = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM suppliers_supplieroffer
WHERE currency = ANY(%(bases)s) AND status = 'active' AND variant_id IS NOT NULL
"""
# A changed safety stock of a channel changes the availability of all its offers.
ALL_TURNED = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM suppliers_supplieroffer
WHERE status = 'active' AND variant_id IS NOT NULL
"""


@needs_transaction
def follow() -> int:
    """Queue what a rate or channel changed since the last call; return the row count.

    Locks: the changed channels, then the changed rates, in id order
    """
    return _channels() + _rates()


def _rates() -> int:
    """Queue the offers in currencies whose rate became known or unknown since the last call."""
    turned = ExchangeRate.objects.filter(
        ~Q(supplied_under=F("standing")),
        Q(supplied_under=Standing.UNKNOWN) | Q(standing=Standing.UNKNOWN),
    )
    bases = dict(
        turned.select_for_update(of=["self"], no_key=True).order_by("pk").values_list("pk", "base")
    )
    if not bases:
        return 0
    ExchangeRate.objects.filter(pk__in=bases).update(supplied_under=F("standing"))
    return run(RATES_TURNED, {"bases": list(bases.values())})


def _channels() -> int:
    """Queue everything on sale if a channel changed its safety stock or its split limit."""
    as_published = {"supplied_under": F("buffer"), "supplied_from": F("places_per_line")}
    turned = Channel.objects.exclude(**as_published).order_by("pk")
    ids = list(turned.select_for_update(of=["self"], no_key=True).values_list("pk", flat=True))
    if not ids:
        return 0
    Channel.objects.filter(pk__in=ids).update(**as_published)
    return run(ALL_TURNED)
