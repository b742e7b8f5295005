"""Network limits: limit the unpaid orders of one network, and the stock they reserve.

A program that sends no cookie is a new customer with each cart, and ``open_order_limits`` finds no
earlier order of it. But the program comes from a network: a /24 of IPv4 or a /64 of IPv6. An order
keeps a keyed digest of its network until the order is paid or has ended.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import QuerySet, Sum

from orders.checkout.open_order_limits import OpenOrderLimitError
from orders.models import Order, Reservation
from storefront.lib.db import advisory_locks
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.db.transactions import requires_transaction
from suppliers.models import StockLevel

MAX_OPEN = 10  # orders: an office that orders at the same time stays below
MAX_UNITS = 200  # of all items together; a single order may hold more
SHARE_DIVISOR = 2  # one network may hold 1/2 of a stock level
MIN_UNITS = 5  # of a stock level: a customer may take the last few


class NetworkLimitError(OpenOrderLimitError):
    """Unpaid orders from this network hold too much."""


class StockShareError(OpenOrderLimitError):
    """The order alone would hold more of a stock level than a network may."""


@requires_transaction
def enforce(*, order: Order, units: Mapping[int, int]) -> None:
    """Reject a new order with which its network would hold too much stock.

    Orders of one network are placed one by one: the lock lasts until the commit.

    Shape:  ``units`` maps stock rows to ordered quantities
    Locks:  the network; the caller has locked the promotions before, and locks stock rows after
    Raises: NetworkLimitError, StockShareError  the caller's transaction must roll back
    """
    if not order.network:  # not placed by a visitor
        return
    advisory_locks.lock_until_commit(f"network {order.network}")
    if excess_shares(units):
        raise StockShareError([], None)
    others = [one for one in _OPEN(network=order.network) if one.pk != order.pk]
    if not others:
        return
    held = Counter[int]()
    active = Reservation.objects.filter(line__order__in=others, status=Reservation.Status.ACTIVE)
    held.update(dict(active.values_list("level_id").annotate(Sum("quantity")).order_by()))
    shares = _shares(units)
    is_too_much = held.total() + sum(units.values()) > MAX_UNITS
    is_over_share = any(
        held[level_id] + quantity > shares[level_id] for level_id, quantity in units.items()
    )
    if len(others) >= MAX_OPEN or is_too_much or is_over_share:
        raise NetworkLimitError([], others[0].payment_due_at)


def _open(*, network: str) -> QuerySet[Order]:
    unpaid = Order.objects.filter(network=network, status=Order.Status.PENDING_PAYMENT)
    return unpaid.only("payment_due_at").order_by("payment_due_at")


_OPEN = PreparedQuery(_open)


def excess_shares(units: Mapping[int, int]) -> dict[int, int]:
    """Return the stock rows of which an order takes more than its share, each with that share.

    ``enforce`` rejects such an order; cart and checkout show it before. Small orders cost no
    query.

    Shape:  ``units`` maps stock rows to ordered quantities
    """
    large = [level_id for level_id, quantity in units.items() if quantity > MIN_UNITS]
    shares = _shares(large) if large else {}
    return {level_id: share for level_id, share in shares.items() if units[level_id] > share}


def _shares(level_ids: Collection[int]) -> dict[int, int]:
    """Return how many units of each stock level one network may hold."""
    return {
        level.pk: max(
            MIN_UNITS,
            (level.reported_quantity - level.safety_stock - level.allocated_outstanding)
            // SHARE_DIVISOR,
        )
        for level in StockLevel.objects.filter(pk__in=level_ids)
    }


def erase_networks() -> None:
    """Erase the networks of orders that are paid or have ended.

    An order that another transaction has locked is left for the next run. Waiting for it could
    deadlock with a transaction that locks several orders.
    """
    orders = Order.objects.exclude(network="").exclude(status=Order.Status.PENDING_PAYMENT)
    rows = orders.select_for_update(of=["self"], no_key=True, skip_locked=True).order_by("pk")
    with transaction.atomic():
        Order.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(network="")
