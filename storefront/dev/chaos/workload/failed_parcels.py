"""Failed parcels workload: staff settle parcels that are lost or returned, customers late ones.

Two people act on each parcel at once, while answers of the gateway get lost. One parcel is
refunded, one is replaced, and one is refunded by one person and replaced by the other. The
customers of late parcels choose by the links of their e-mails (``email_replies``).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from orders.models import Order, PurchaseOrder
from orders.returns.eligibility import CannotReturnError
from shipping.models import Parcel, SilenceCase, SilenceKind
from shipping.rerouting import parcel_replacements
from shipping.shipments import outcomes
from shipping.shipments.outcomes import CannotResolveError
from shipping.silence import messages, sweep
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
LATE_PARCELS, LATE_FOR = 2, timedelta(days=10)
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

    Shape:  ``charges`` is what was paid for each parcel: order number and cents, by parcel id
    """

    place: Instance
    charges: dict[int, tuple[str, int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)  # order numbers
    late: list[str] = field(default_factory=list)  # order numbers
    wrong: list[str] = field(default_factory=list)

    def work(self, *, excluded: set[str], is_last: bool) -> bool:
        """Fail one parcel for each plan, and let others be late; return whether it did anything.

        Each is of another order, because mails and refunds are checked per order. Nothing is done
        until there are enough parcels; if ``is_last``, fewer are enough.
        """
        wanted = len(PLANS) + LATE_PARCELS
        if self.charges:
            return False
        theirs = outside.supplier_orders(self.place.var)
        arrived = [one.number for one in theirs if one.has_arrived]  # the shop hears of it later
        candidates = _candidates(excluded).exclude(shipment__purchase_order__number__in=arrived)
        by_order = {_number(one): one for one in candidates if _is_whole(one)}
        found = [*by_order.values()][:wanted]
        if not found or (len(found) < wanted and not is_last):
            return False
        for parcel in found:
            self.charges[parcel.pk] = _number(parcel), _charge(parcel).minor
        fault = {"kind": "drop_after", "path": "POST /v1/refunds$", "count": len(PLANS)}
        control(self.place.gateway_url, "faults", fault)
        for parcel, (failure, acts) in zip(found, PLANS, strict=False):
            self._fail(parcel, failure, acts)
        self._delay(found[len(PLANS) :])
        return True

    @property
    def orders(self) -> list[str]:
        return [*self.failed, *self.late]

    def refunds(self) -> dict[str, int]:
        """Return what has to be refunded, in cents by order; a canceled replacement is refunded."""
        canceled = Q(settlement__replacement__status=Order.Status.CANCELED)
        refunded = Parcel.objects.filter(
            canceled | Q(resolution=Parcel.Resolution.REFUNDED), pk__in=self.charges
        )
        return dict(self.charges[one.pk] for one in refunded)

    def _fail(self, parcel: Parcel, failure: str, acts: tuple[str, str]) -> None:
        self.failed.append(_number(parcel))
        self._at_once(partial(self._act, parcel.pk, name) for name in (failure, failure))
        self._at_once(partial(self._act, parcel.pk, name) for name in acts)
        parcel.refresh_from_db()
        if parcel.resolution == Parcel.Resolution.OPEN and "replace" in acts:  # out of stock
            self._at_once(partial(self._act, parcel.pk, "refund") for _ in range(2))
            parcel.refresh_from_db()
        if parcel.resolution not in SETTLED:
            self.wrong.append(f"{_number(parcel)}: {failure} parcel is {parcel.resolution}")

    def _delay(self, parcels: Sequence[Parcel]) -> None:
        """Let the promised day of parcels be past; two workers write to each customer at once."""
        for parcel in parcels:
            purchase_order = parcel.shipment.purchase_order
            promised = timezone.now().date() - LATE_FOR
            way = {**purchase_order.entry, "arrives_to": promised.isoformat()}
            PurchaseOrder.objects.filter(pk=purchase_order.pk).update(way=way)
        sweep.open_cases(now=timezone.now())
        for case in SilenceCase.objects.filter(parcel__in=parcels, kind=SilenceKind.LATE):
            self._at_once(partial(self._tell, case.pk) for _ in range(2))
        for parcel in parcels:
            parcel.refresh_from_db()
            if parcel.status != Parcel.Status.DELIVERED:  # else there may have been nothing to tell
                self.late.append(_number(parcel))

    @staticmethod
    def _at_once(acts: Iterable[Callable[[], None]]) -> None:
        threads = [threading.Thread(target=act) for act in acts]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def _act(self, parcel_id: int, name: str) -> None:
        """Act on a parcel; the loser of a race gets an error."""
        with self._reporting(f"parcel {parcel_id}: {name}"), suppress(*EXPECTED_ERRORS):
            parcel = Parcel.objects.select_related("shipment").get(pk=parcel_id)
            ACTS[name](parcel=parcel, reason=name, actor=ACTOR, now=timezone.now())

    def _tell(self, case_id: int) -> None:
        with self._reporting(f"silence {case_id}"):
            messages.tell(case_id=case_id, now=timezone.now())

    @contextmanager
    def _reporting(self, what: str) -> Iterator[None]:
        """Report an unexpected error as a violation; close the connection of this thread."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the run goes on
            self.wrong.append(f"{what} failed with {error!r}")
        finally:
            connection.close()


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
        .filter(
            **{
                f"{order}__payments__captured_amount__gt": 0,
                f"{order}__returns": None,
                f"{order}__remote_order": None,  # a store refunds its own orders
            }
        )
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


def _number(parcel: Parcel) -> str:
    return parcel.shipment.purchase_order.order.number


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
