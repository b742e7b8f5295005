"""Staff workload: release purchase orders whose hold is over, resolve e-mails in doubt."""

from __future__ import annotations

from contextlib import suppress

from django.utils import timezone

from notifications import dispatch
from notifications.models import Delivery
from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside
from storefront.lib.state_machine import IllegalMoveError, LostRaceError

ACTOR = "chaos"


def do_their_work(place: Instance) -> int:
    """Do the open work of staff; return how many items there were."""
    return _let_go() + _look_for_mails(place)


def _let_go() -> int:
    """Release the purchase orders whose hold reason is gone."""
    count = 0
    for held in PurchaseOrder.objects.filter(status=PurchaseOrder.Status.ON_HOLD):
        with suppress(IllegalMoveError, LostRaceError):
            holds.release_hold(purchase_order=held, actor=ACTOR, now=timezone.now())
            count += 1
    return count


def _look_for_mails(place: Instance) -> int:
    """Resolve deliveries in doubt: an e-mail that did not arrive is sent again."""
    doubtful = list(Delivery.objects.in_doubt(timezone.now()))
    if not doubtful:
        return 0
    arrived = {letter.message_id for letter in outside.letters(place.var)}
    for delivery in doubtful:
        decide = dispatch.send_again
        if dispatch.message_id(delivery) in arrived:
            decide = dispatch.settle
        with suppress(IllegalMoveError, LostRaceError):
            decide(delivery=delivery, actor=ACTOR, now=timezone.now())
    return len(doubtful)
