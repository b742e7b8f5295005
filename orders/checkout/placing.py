"""Placing: steps that every new order shares: check stock live, find a number, retry."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import IntegrityError, OperationalError

from orders.models import Order
from orders.numbers import order_number
from orders.routing.delivery_quote import ShippingQuote
from suppliers.inventory import stock_rows
from suppliers.inventory.ledger import NotEnoughStockError
from suppliers.sync import live_check

DEADLOCK = "40P01"
# Numbers are random. Two collisions in a row are likely only at 28 million orders a day.
MAX_NUMBER_ATTEMPTS = 5
# Units of a stock row that others may order while the request of one customer is answered.
ORDERED_MEANWHILE = 20


def require_stock(quote: ShippingQuote, *, now: datetime) -> None:
    """Check stock that is old or almost sold out live.

    Raises: NotEnoughStockError
    """
    wanted: Counter[int] = Counter()
    check_from: dict[int, int | None] = {}
    variant_ids: dict[int, int] = {}
    for quoted in quote.parcels:
        for line in quoted.parcel.lines:
            level_id = line.candidate.level_id
            wanted[level_id] += line.quantity
            check_from[level_id] = line.candidate.live_check_from
            variant_ids[level_id] = line.variant_id
    # Read again after the quote: the order of another customer may have left few units.
    if near := _needing_check(wanted, check_from, margin=ORDERED_MEANWHILE):
        rows = stock_rows.read_rows([variant_ids[level_id] for level_id in near], now)
        check_from |= {row.level_id: row.live_check_from(now) for row in rows}
    unsure = _needing_check(wanted, check_from)
    if unsellable := sorted(live_check.unsellable_levels(wanted=unsure, now=now)):
        raise NotEnoughStockError(unsellable[0], wanted[unsellable[0]])


def _needing_check(
    wanted: Mapping[int, int], check_from: Mapping[int, int | None], *, margin: int = 0
) -> dict[int, int]:
    """Return the stock rows whose units need a live check, or would with ``margin`` more."""
    return {
        level_id: quantity
        for level_id, quantity in wanted.items()
        if (least := check_from[level_id]) is not None and quantity + margin >= least
    }


def place_with_number[T](place_numbered: Callable[[str], T], *, now: datetime) -> T:
    """Place the order; retry with another number if it is taken, and after a deadlock.

    Promotions of a superseded order are locked before those of the new one, so deadlocks are
    possible: the chosen victim is retried.
    """
    for _ in range(MAX_NUMBER_ATTEMPTS - 1):
        number = order_number(now)
        try:
            return place_numbered(number)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
        except IntegrityError:
            if not Order.objects.filter(number=number).exists():
                raise
    return place_numbered(order_number(now))
