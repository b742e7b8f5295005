"""Return workload: return some delivered orders while answers of the gateway get lost.

Two people at once buy a label for every other return, and refund it when it has its label; the
others are rejected.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from orders.models import Order, OrderLine, ReturnAuthorization, ReturnLabel, ReturnPolicy
from orders.returns import authorizations, inspection, refunds
from orders.returns.eligibility import CannotReturnError
from shipping.return_labels import purchases
from shipping.return_labels.parcels import CannotBuyLabelError
from storefront.dev.bench.harness.checkout_script import field_in
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.workload import browser
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

ACTOR = "chaos"
Kind = ReturnAuthorization.Kind
KINDS = (
    Kind.WITHDRAWAL,
    Kind.DAMAGED,
)  # a withdrawal is approved by law, staff decide about damage


@dataclass(slots=True, kw_only=True)
class ReturningCustomers:
    """Customers and staff; ``paid`` is what has to be refunded, in cents by order."""

    place: Instance
    count: int
    paid: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unlabeled: list[int] = field(default_factory=list)  # returns that wait for their label

    def work(self, *, excluded: set[str], is_last: bool) -> bool:
        """Return the first line of ``count`` orders, except those in ``excluded``.

        Nothing is done until there are ``count`` such orders; if ``is_last``, fewer are enough.
        Returns whether it did anything.
        """
        if self.unlabeled:
            return self._take_back_labeled()
        found = list(_returnable().exclude(number__in=excluded)[: self.count])
        if self.asked or not found or (len(found) < self.count and not is_last):
            return False
        fault = {"kind": "drop_after", "path": "POST /v1/refunds$", "count": self.count}
        control(self.place.gateway_url, "faults", fault)
        control(self.place.labels_url, "advance_clock", {"seconds": self.place.clock_shift_s()})
        for turn, order in enumerate(found):
            self._return(order, KINDS[turn % len(KINDS)])
        return True

    def _return(self, order: Order, kind: ReturnAuthorization.Kind) -> None:
        lines = list(order.lines.order_by("pk"))
        self._declare(order, lines[0], kind)
        self.asked.append(order.number)
        made = list(order.returns.all())
        if len(made) != 1:
            self.wrong.append(f"{order.number}: one return was requested, {len(made)} are stored")
            return
        if kind == Kind.WITHDRAWAL:
            _twice(lambda: _buy_label(made[0].pk))
            self.unlabeled.append(made[0].pk)
            # The delivery is refunded with the last line.
            charge = lines[0].customer_charge_amount if len(lines) > 1 else order.total.amount
            self.paid[order.number] = Money(charge, order.currency).minor
        else:
            authorizations.reject(
                authorization=made[0], answer="It works.", actor=ACTOR, now=timezone.now()
            )

    def _declare(self, order: Order, line: OrderLine, kind: str) -> None:
        """Fill in the form, and press its last button twice at once."""
        path = f"/en/orders/{order.number}/{order.access_key}/return/"
        form = {
            "kind": kind,
            "customer_message": "It is dented.",
            f"units_{line.pk}": str(line.quantity),
        }
        page = browser.get(self.place, path)
        asked = browser.post(self.place, path, form, page=page)
        whole = {**form, "confirm": "1", "key": field_in(asked.body, "key")}
        page = browser.get(self.place, path)
        statuses: list[int] = []
        _twice(lambda: statuses.append(browser.post(self.place, path, whole, page=page).status))
        if set(statuses) != {HTTPStatus.SEE_OTHER}:
            self.wrong.append(f"{order.number}: a return was answered {statuses}")

    def _take_back_labeled(self) -> bool:
        """Take back the returns whose labels are bought or not needed; return if there were any."""
        being_bought = ReturnLabel.objects.filter(status=ReturnLabel.Status.REQUESTED)
        ready = list(
            ReturnAuthorization.objects.filter(pk__in=self.unlabeled).exclude(
                labels__in=being_bought
            )
        )
        for authorization in ready:
            self._take_back(authorization)
            self.unlabeled.remove(authorization.pk)
        return bool(ready)

    def _take_back(self, authorization: ReturnAuthorization) -> None:
        now = timezone.now()
        if not authorization.is_kept:
            lines = list(authorization.lines.all())
            inspection.receive(
                authorization=authorization,
                units={line.pk: line.quantity for line in lines},
                actor=ACTOR,
                now=now,
            )
            good = ReturnAuthorization.Condition.AS_NEW
            inspection.inspect(
                authorization=authorization,
                results={
                    line.pk: inspection.InspectedLine(accepted=line.quantity, condition=good)
                    for line in lines
                },
                actor=ACTOR,
                now=now,
            )
        _twice(lambda: _refund(authorization.pk))


def _returnable() -> QuerySet[Order]:
    """Return completely delivered orders, those with several lines first."""
    return (
        Order.objects.filter(status=Order.Status.COMPLETED, remote_order=None)
        .annotate(parts=Count("lines"), canceled=Sum("lines__canceled_quantity"))
        .filter(canceled=0)
        .order_by("-parts", "pk")
    )


def _buy_label(authorization_id: int) -> None:
    try:
        with suppress(CannotBuyLabelError):
            purchases.request_label(
                authorization=ReturnAuthorization.objects.get(pk=authorization_id),
                payer=ReturnPolicy.Payer.US,
                option="",
                charge=None,
                actor=ACTOR,
                now=timezone.now(),
            )
    finally:
        connection.close()  # of this thread


def _refund(authorization_id: int) -> None:
    try:
        with suppress(CannotReturnError, InvalidTransitionError, ConcurrentUpdateError):
            refunds.refund(
                authorization=ReturnAuthorization.objects.get(pk=authorization_id),
                actor=ACTOR,
                now=timezone.now(),
            )
    finally:
        connection.close()  # of this thread


def _twice(act: Callable[[], object]) -> None:
    threads = [threading.Thread(target=act) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
