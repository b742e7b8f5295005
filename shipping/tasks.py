"""Work for parcels: find rows, call one verb, start the next step."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders import moving
from orders.payment_tasks import settle_payments
from orders.purchasing_tasks import send_due
from shipping import fulfilling, observing, polling, quotes, rerouting
from shipping.consenting import NoLongerError
from storefront.lib.states import IllegalMoveError, LostRaceError
from suppliers import scorecard_tasks
from suppliers.lanes import LaneFullError, Work, lane
from suppliers.models import Supplier

BATCH = 200
# Older days are rolled up when staff ask for it (``manage.py roll_up_scorecards``).
ROLLED_UP = timedelta(days=60)


@shared_task
def poll_open_orders(**_: Any) -> None:
    """Ask the suppliers whose turn it is how our open orders stand, one task for each."""
    for supplier_id in polling.claim_due(now=timezone.now()):
        poll_supplier.delay(supplier_id=supplier_id)
    complete_arrived.delay()


@shared_task
def poll_supplier(*, supplier_id: int, **_: Any) -> None:
    try:
        with lane(Work.ORDERS, supplier_id):
            polling.ask(supplier=Supplier.objects.get(pk=supplier_id), moment=timezone.now)
            settle_payments.delay()
    except LaneFullError:
        polling.give_back(supplier_id=supplier_id)


@shared_task
def complete_arrived(**_: Any) -> None:
    """Find orders whose parcels all arrived while staff held them."""
    for order in fulfilling.arrived().order_by("pk")[:BATCH]:
        fulfilling.finish(order=order, now=timezone.now())


@shared_task
def reroute_due(**_: Any) -> None:
    """Find what waits to come from elsewhere, and what its shopper did not answer in time."""
    for setback_id in rerouting.due(now=timezone.now()).values_list("pk", flat=True)[:BATCH]:
        reroute.delay(setback_id=setback_id)


@shared_task
def reroute(*, setback_id: int, **_: Any) -> None:
    now = timezone.now()
    setback = rerouting.due(now=now).filter(pk=setback_id).first()
    if setback is None:
        return  # two sweeps asked for it, and the other was first
    with suppress(NoLongerError, IllegalMoveError, LostRaceError):  # somebody answered meanwhile
        rerouting.look(setback=setback, now=now)
    send_due.delay()


@shared_task
def move_silent(**_: Any) -> None:
    """Find what suppliers never confirmed, where the rules of the channel give up waiting."""
    now = timezone.now()
    for purchase_order in moving.silent_for_long(now=now)[:BATCH]:
        rules = quotes.rules_of(purchase_order.order.channel, now)
        if moving.is_given_up(purchase_order, after_h=rules.moves_silent_after_h, now=now):
            with suppress(moving.CannotMoveError, IllegalMoveError, LostRaceError):
                moving.move(
                    purchase_order=purchase_order,
                    reason="he did not confirm it in time",
                    actor="rules",
                    now=now,
                )


@shared_task
def observe_suppliers(**_: Any) -> None:
    """Find what suppliers did lately and is no fact yet; make the days it touches anew."""
    now = timezone.now()
    _roll_up(observing.observe(since=now - observing.LOOKS_BACK), now.date())


@shared_task
def observe_everything(**_: Any) -> None:
    """Find also what was told late, or while nobody looked."""
    _roll_up(observing.observe(), timezone.now().date())


def _roll_up(earliest: datetime | None, today: date) -> None:
    yesterday = today - timedelta(days=1)
    first = min(earliest.date() if earliest else yesterday, yesterday)
    scorecard_tasks.roll_up.delay(first=max(first, today - ROLLED_UP).isoformat())
