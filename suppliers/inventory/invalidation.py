"""Supply invalidation: queue variants after exchange rates or a channel's stock terms changed."""

from django.db.models import F, Q

from catalog.enums import RateStatus
from catalog.models import Channel, ExchangeRate
from storefront.lib.db.transactions import requires_transaction
from suppliers.runs.staging import run

# Offers whose currency lost or regained its exchange rate.
QUEUE_BY_CURRENCY = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT variant_id FROM suppliers_supplieroffer
WHERE currency = ANY(%(bases)s) AND status = 'active' AND variant_id IS NOT NULL
"""
# A changed safety stock of a channel changes the availability of all its offers; a new channel has
# no listings yet.
QUEUE_ALL = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT variant_id FROM suppliers_supplieroffer
WHERE status = 'active' AND variant_id IS NOT NULL
"""


@requires_transaction
def queue_invalidated() -> int:
    """Queue the variants of rates and channels that changed since the last call; return how many.

    Locks: the changed channels, then the changed rates, in id order
    """
    return _queue_changed_channels() + _queue_changed_rates()


def _queue_changed_rates() -> int:
    """Queue the offers in currencies whose rate became known or unknown since the last call."""
    changed = ExchangeRate.objects.filter(
        ~Q(supplied_under=F("validity")),
        Q(supplied_under=RateStatus.UNKNOWN) | Q(validity=RateStatus.UNKNOWN),
    )
    bases = dict(
        changed.select_for_update(of=["self"], no_key=True).order_by("pk").values_list("pk", "base")
    )
    if not bases:
        return 0
    ExchangeRate.objects.filter(pk__in=bases).update(supplied_under=F("validity"))
    return run(QUEUE_BY_CURRENCY, {"bases": list(bases.values())})


def _queue_changed_channels() -> int:
    """Queue everything on sale if a channel is new or changed its safety stock or split limit."""
    as_published = {
        "supplied_under": F("safety_stock"),
        "published_max_split_locations": F("max_split_locations"),
    }
    changed = Channel.objects.exclude(**as_published).order_by("pk")
    ids = list(changed.select_for_update(of=["self"], no_key=True).values_list("pk", flat=True))
    if not ids:
        return 0
    Channel.objects.filter(pk__in=ids).update(**as_published)
    return run(QUEUE_ALL)
