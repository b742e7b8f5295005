"""Ask gateways about payments of which we heard nothing: a lost webhook is no lost order.

Who waits to be placed comes before what was given up, and a gateway that is away is not asked
for each of them: whoever asks would hold a worker for as long as all of them take.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q

from orders.models import Order, Payment
from orders.payments import updates
from storefront.lib.http.errors import OutsideError, TemporaryError

log = logging.getLogger(__name__)

Status = Payment.Status
SILENT_AFTER = timedelta(minutes=1)  # only after the shopper had time to pay
FOLLOWED_FOR = timedelta(days=2)
FRESH_FOR = timedelta(minutes=10)  # so long after its end a page is asked about at each turn
TURNS = 30  # later at two of thirty, which come each minute
MOST = 200
MOST_FAILURES = 3


class Patience:
    """Bears a few failures of a gateway in a row, and then asks this one no more."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()

    def ask(self, payment: Payment, by: Callable[..., object], *, now: datetime) -> bool:
        """Return False if the gateway did not answer, or is not asked any more."""
        gateway = payment.gateway
        if self._failures[gateway] >= MOST_FAILURES:
            return False
        try:
            by(payment=payment, now=now)
        except (OutsideError, updates.TooEarlyError) as error:
            log.warning("%s: the gateway did not tell: %s", payment, error)
            if isinstance(error, TemporaryError):
                self._failures[gateway] += 1
                if self._failures[gateway] == MOST_FAILURES:
                    log.warning("%s is away: the others are asked later", gateway)
                return False
            return True
        self._failures[gateway] = 0  # it answers
        return True


def ask(*, now: datetime) -> None:
    """Hear what became of silent payments; close pages of those that were given up."""
    patience = Patience()
    for payment in _silent(now):
        patience.ask(payment, _question(payment), now=now)


def _question(payment: Payment) -> Callable[..., object]:
    """Close a page now that could not be closed when its order ended; of others, read the news."""
    is_open = payment.status != Status.REQUIRES_ACTION and not payment.authorized_amount
    return updates.abandon if is_open else updates.read


def _silent(now: datetime) -> Iterator[Payment]:
    """Find them in no order: one that always fails must not stand before the others."""
    known = Payment.objects.exclude(reference="").filter(
        status_since__lte=now - SILENT_AFTER, status_since__gte=now - FOLLOWED_FOR
    )
    waiting = known.filter(
        status=Status.REQUIRES_ACTION, order__status=Order.Status.PENDING_PAYMENT
    )
    yield from waiting.order_by("?")[:MOST]
    ended = [Order.Status.PENDING_PAYMENT, Order.Status.CANCELED, Order.Status.EXPIRED]
    minute = int(now.timestamp() // 60)
    turns = [minute % TURNS, (minute - 1) % TURNS]  # one that comes late skips no minute
    given_up = known.filter(status__in=[Status.VOIDED, Status.EXPIRED], order__status__in=ended)
    due = Q(status_since__gt=now - FRESH_FOR) | Q(turn__in=turns)
    yield from given_up.alias(turn=F("pk") % TURNS).filter(due).order_by("?")[:MOST]
