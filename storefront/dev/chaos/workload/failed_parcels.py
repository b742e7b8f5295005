"""Failed parcels workload: two people mark each of some parcels lost or returned, and settle it.

Both act at once, while answers of the gateway get lost. One parcel is refunded, one is replaced,
and one is refunded by one person and replaced by the other.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from orders.models import Order, PurchaseOrder
from orders.returns.eligibility import CannotReturnError
from shipping.models import Parcel
from shipping.rerouting import parcel_replacements
from shipping.shipments import outcomes
from shipping.shipments.outcomes import CannotResolveError
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

ACTOR = "chaos"
SHIPPED = {"cj": "SHIPPED", "bigbuy": "Shipped"}
ACTS: Mapping[str, Callable[..., object]] = {
    "lost": outcomes.mark_lost,
    "returned": outcomes.mark_returned,
    "refund": outcomes.refund,
    "replace": parcel_replacements.replace,
}
# What both people report, then what each of them does.
PLANS = (
    ("lost", ("refund", "refund")),
    ("returned", ("replace", "replace")),
    ("lost", ("refund", "replace")),
)
SETTLED = frozenset({Parcel.Resolution.REFUNDED, Parcel.Resolution.REPLACED})
EXPECTED_ERRORS = (
    CannotResolveError,
    CannotReturnError,
    InvalidTransitionError,
    ConcurrentUpdateError,
)


def ship_orders(place: Instance, *, count: int) -> None:
    """Ship this many orders of each API supplier that are not delivered."""
    orders = outside.supplier_orders(place.var)
    for supplier, word in SHIPPED.items():
        theirs = [one for one in orders if one.supplier == supplier]
        missing = count - sum(one.is_shipped and not one.has_arrived for one in theirs)
        for order in [one for one in theirs if one.is_open][: max(0, missing)]:
            named = {"orderNumber": order.number, "reference": order.number}
            control(place.supplier_urls[supplier], "advance", {**named, "to": word})


@dataclass(slots=True, kw_only=True)
class FailedParcels:
    """Staff who settle parcels.

    Shape:  ``refunded`` is what was paid for refunded parcels, in cents by order; ``replaced`` the
            same for replaced ones, with the number of the replacement
    """

    place: Instance
    refunded: dict[str, int] = field(default_factory=dict)
    replaced: dict[str, tuple[str, int]] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def work(self, *, excluded: set[str], is_last: bool) -> bool:
        """Fail one parcel for each plan; return whether it did anything.

        Nothing is done until there are enough parcels; if ``is_last``, fewer are enough.
        """
        if self.orders:
            return False
        found = [one for one in _candidates(excluded) if _is_whole(one)][: len(PLANS)]
        if not found or (len(found) < len(PLANS) and not is_last):
            return False
        fault = {"kind": "drop_after", "path": "POST /v1/refunds$", "count": len(PLANS)}
        control(self.place.gateway_url, "faults", fault)
        for parcel, (failure, acts) in zip(found, PLANS, strict=False):
            self._fail(parcel, failure, acts)
        return True

    def _fail(self, parcel: Parcel, failure: str, acts: tuple[str, str]) -> None:
        order = parcel.shipment.purchase_order.order
        self.orders.append(order.number)
        charge = _charge(parcel)
        self._at_once(parcel, (failure, failure))
        self._at_once(parcel, acts)
        parcel.refresh_from_db()
        if parcel.resolution not in SETTLED and "replace" in acts:  # it is out of stock
            self._at_once(parcel, ("refund", "refund"))
            parcel.refresh_from_db()
        if parcel.resolution == Parcel.Resolution.REFUNDED:
            self.refunded[order.number] = charge.minor
        elif parcel.resolution != Parcel.Resolution.REPLACED:
            self.wrong.append(f"{order.number}: {failure} parcel is {parcel.resolution}")
        elif parcel.settlement is None or parcel.settlement.replacement is None:
            self.wrong.append(f"{order.number}: no replacement of a {failure} parcel")
        else:
            self.replaced[order.number] = parcel.settlement.replacement.number, charge.minor

    def refunds(self) -> dict[str, int]:
        """Return what has to be refunded, in cents by order; a canceled replacement is refunded."""
        numbers = [replacement for replacement, _ in self.replaced.values()]
        canceled = Order.objects.filter(number__in=numbers, status=Order.Status.CANCELED)
        failed = set(canceled.values_list("number", flat=True))
        return self.refunded | {
            number: charge
            for number, (replacement, charge) in self.replaced.items()
            if replacement in failed
        }

    def _at_once(self, parcel: Parcel, acts: tuple[str, str]) -> None:
        threads = [threading.Thread(target=self._act, args=(parcel.pk, act)) for act in acts]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def _act(self, parcel_id: int, name: str) -> None:
        """Act on a parcel; the loser of a race gets an error."""
        known: dict[str, Any] = {"reason": name, "actor": ACTOR, "now": timezone.now()}
        try:
            with suppress(*EXPECTED_ERRORS):
                parcel = Parcel.objects.select_related("shipment").get(pk=parcel_id)
                ACTS[name](parcel=parcel, **known)
        except Exception as error:  # noqa: BLE001 - reported as a violation
            self.wrong.append(f"parcel {parcel_id}: {name} failed with {error!r}")
        finally:
            connection.close()  # of this thread


def _candidates(excluded: set[str]) -> QuerySet[Parcel]:
    """Return parcels on their way, of orders that are charged and have no other complaint."""
    unsubmitted = PurchaseOrder.objects.exclude(
        submission_status=PurchaseOrder.Submission.ACCEPTED
    ).values("order")
    order = "shipment__purchase_order__order"
    return (
        Parcel.objects.filter(
            status=Parcel.Status.SHIPPED,
            carrier_status__in=["in_transit", "unknown", "pre_transit"],
        )
        .filter(**{f"{order}__payments__captured_amount__gt": 0, f"{order}__returns": None})
        .exclude(**{f"{order}__in": unsubmitted})
        .exclude(**{f"{order}__number__in": excluded})
        .annotate(canceled=Sum(f"{order}__lines__canceled_quantity"))
        .filter(
            canceled=0,
            **{f"{order}__payments__captured_amount__gt": F(f"{order}__payments__refunded_amount")},
        )
        .select_related(order)
        .order_by("pk")
    )


def _is_whole(parcel: Parcel) -> bool:
    """Return whether a parcel holds all units of its lines."""
    lines = list(parcel.lines.select_related("order_line"))
    return bool(lines) and all(one.quantity == one.order_line.quantity for one in lines)


def _charge(parcel: Parcel) -> Money:
    """Return what the customer paid for a parcel. The delivery is refunded with the last line."""
    order = parcel.shipment.purchase_order.order
    lines = [one.order_line for one in parcel.lines.select_related("order_line")]
    if len(lines) == order.lines.count():
        return order.total
    amounts = [Money(one.customer_charge_amount, order.currency) for one in lines]
    return Money.total(amounts, order.currency)
