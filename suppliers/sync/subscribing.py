"""Have suppliers tell us news unasked: of what we sell, as far as they let us."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Max, QuerySet

from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import able
from suppliers.connectors.listening import Webhooks
from suppliers.models import Supplier, SupplierOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """What was asked for: how many products are told of, are new, and are dropped."""

    wanted: int
    added: int
    dropped: int


def subscribe(*, supplier: Supplier, url: str) -> Subscribed:
    """Have his messages sent to ``url``, of the products we sell and of no others.

    What is published comes first: he tells of so many products and no more.

    Raises: OutsideError  he does not answer, or does not like the address; it is asked again
    """
    with adapter_for(supplier) as connector:
        webhooks = able(connector, Webhooks)
        webhooks.listen(url=url)
        wanted = list(sold(supplier)[: webhooks.most_subscribed()])
        present = webhooks.subscribed()
        if dropped := sorted(present.difference(wanted)):
            webhooks.unsubscribe(refs=dropped)
        new = [ref for ref in wanted if ref not in present]
        added = webhooks.subscribe(refs=new) if new else ()
    return Subscribed(wanted=len(wanted), added=len(added), dropped=len(dropped))


def sold(supplier: Supplier) -> QuerySet[SupplierOffer, str]:
    """Return his products that we sell, those on sale now before those that may come back."""
    offers = SupplierOffer.objects.filter(
        supplier=supplier, status=SupplierOffer.Status.ACTIVE, variant__listings__isnull=False
    )
    ranked = offers.values("supplier_product").annotate(
        is_shown=BoolOr("variant__listings__is_published"),
        most=Max("variant__listings__available"),
    )
    return ranked.order_by("-is_shown", "-most", "supplier_product").values_list(
        "supplier_product", flat=True
    )
