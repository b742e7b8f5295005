"""Rerouting tasks: reroute due backorders, reassign unconfirmed purchase orders."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.purchasing import reassignment
from orders.purchasing.tasks import sweep_due_submissions
from shipping.rates import quotes
from shipping.rerouting import rerouting
from shipping.rerouting.customer_choice import ChoiceUnavailableError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

BATCH = 200


@shared_task
def reroute_due(**_: Any) -> None:
    """Reroute due backorders and apply the default to unanswered ones, one task each."""
    for backorder_id in rerouting.due_backorders(now=timezone.now()).values_list("pk", flat=True)[
        :BATCH
    ]:
        reroute.delay(backorder_id=backorder_id)


@shared_task
def reroute(*, backorder_id: int, **_: Any) -> None:
    now = timezone.now()
    backorder = rerouting.due_backorders(now=now).filter(pk=backorder_id).first()
    if backorder is None:
        return  # another sweep was first
    with suppress(
        ChoiceUnavailableError, InvalidTransitionError, ConcurrentUpdateError
    ):  # answered meanwhile
        rerouting.reroute(backorder=backorder, now=now)
    sweep_due_submissions.delay()


@shared_task
def reassign_unconfirmed(**_: Any) -> None:
    """Reassign purchase orders left unconfirmed for longer than the channel's rules allow."""
    now = timezone.now()
    for purchase_order in reassignment.find_unconfirmed(now=now)[:BATCH]:
        rules = quotes.routing_rules(purchase_order.order.channel, now)
        if reassignment.is_overdue(purchase_order, after_h=rules.reassign_after_hours, now=now):
            with suppress(
                reassignment.NotReassignableError, InvalidTransitionError, ConcurrentUpdateError
            ):
                reassignment.reassign(
                    purchase_order=purchase_order,
                    reason="the supplier did not confirm in time",
                    actor="rules",
                    now=now,
                )
