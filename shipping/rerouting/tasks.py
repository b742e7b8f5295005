"""Rerouting tasks: reroute due backorders, reassign unconfirmed purchase orders."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.purchasing import reassignment
from orders.purchasing.tasks import send_due
from shipping.rates import quotes
from shipping.rerouting import rerouting
from shipping.rerouting.customer_choice import NoLongerError
from storefront.lib.state_machine import IllegalMoveError, LostRaceError

BATCH = 200


@shared_task
def reroute_due(**_: Any) -> None:
    """Reroute due backorders and apply the default to unanswered ones, one task each."""
    for setback_id in rerouting.due(now=timezone.now()).values_list("pk", flat=True)[:BATCH]:
        reroute.delay(setback_id=setback_id)


@shared_task
def reroute(*, setback_id: int, **_: Any) -> None:
    now = timezone.now()
    setback = rerouting.due(now=now).filter(pk=setback_id).first()
    if setback is None:
        return  # another sweep was first
    with suppress(NoLongerError, IllegalMoveError, LostRaceError):  # answered meanwhile
        rerouting.look(setback=setback, now=now)
    send_due.delay()


@shared_task
def move_silent(**_: Any) -> None:
    """Reassign purchase orders left unconfirmed for longer than the channel's rules allow."""
    now = timezone.now()
    for purchase_order in reassignment.silent_for_long(now=now)[:BATCH]:
        rules = quotes.rules_of(purchase_order.order.channel, now)
        if reassignment.is_given_up(purchase_order, after_h=rules.moves_silent_after_h, now=now):
            with suppress(reassignment.CannotMoveError, IllegalMoveError, LostRaceError):
                reassignment.move(
                    purchase_order=purchase_order,
                    reason="the supplier did not confirm in time",
                    actor="rules",
                    now=now,
                )
