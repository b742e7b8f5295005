"""Keep how much is sold a day, as orders tell it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from catalog.models import SalesTally
from catalog.pricing import repricing_queue
from storefront.lib.db import rows


@transaction.atomic(durable=True)
def keep(
    *, sold: Mapping[tuple[int, int, date], int], since: date, until: date, now: datetime
) -> int:
    """Make the tallies of some days what orders say; return how many changed.

    Told again, the same is not written again. What orders no longer tell of is taken away.

    Shape:  ``sold`` maps (channel, variant, day) to units; days from ``since`` to ``until``
    Locks:  the tallies of these days, in id order
    """
    present = {
        (row.channel_id, row.variant_id, row.day): row
        for row in SalesTally.objects.filter(day__gte=since, day__lte=until)
        .select_for_update(of=["self"])
        .order_by("pk")
    }
    wanted = {key: units for key, units in sold.items() if units > 0 and since <= key[2] <= until}
    changed = {
        row: ["units"]
        for key, row in present.items()
        if key in wanted and rows.differing(row, {"units": wanted[key]})
    }
    gone = [row for key, row in present.items() if key not in wanted]
    new = [
        SalesTally(channel_id=channel_id, variant_id=variant_id, day=day, units=units)
        for (channel_id, variant_id, day), units in wanted.items()
        if (channel_id, variant_id, day) not in present
    ]
    SalesTally.objects.filter(pk__in=[row.pk for row in gone]).delete()
    rows.update(SalesTally, changed)
    SalesTally.objects.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["channel", "variant", "day"],
        update_fields=["units"],
    )
    touched = [*changed, *gone, *new]
    repricing_queue.follow_market(variant_ids={row.variant_id for row in touched}, now=now)
    return len(touched)
