"""Sales channel gateway: the payments that the platforms of stores took, as a payment gateway.

The money was captured at the sale. A store is asked only to refund it; the sale itself is recorded
with the order. Refunds made in the store are recorded by ``changes``, with the units they return.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

from orders.gateways.base import (
    CaptureMode,
    GatewayBalance,
    PaymentUpdate,
    UnknownAtGatewayError,
    UpdateKind,
)
from orders.models import OrderLine, PaymentEvent
from orders.pricing.proration import prorate
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import CallObserver
from storefront.lib.money import Money
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.models import Connection, RemoteOrderRecord
from storefront.sales_channels.platforms.base import (
    PaymentState,
    Platform,
    RefundWrite,
    RemoteOrder,
    RemoteRefund,
    UnreadableOrder,
)
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

CODE = "sales_channel"
UNPAID = frozenset({PaymentState.PENDING, PaymentState.VOIDED})


def sale_updates(remote: RemoteOrder, *, reference: str) -> list[PaymentUpdate]:
    """Return that the whole total is authorized and captured."""
    return [
        PaymentUpdate(
            reference=reference,
            external_id=f"{reference}:{kind}",
            kind=kind,
            amount=remote.total,
            occurred_at=remote.placed_at,
            capture_mode=CaptureMode.AT_SALE,
        )
        for kind in (UpdateKind.AUTHORIZED, UpdateKind.CAPTURED)
    ]


def refund_update(refund: RemoteRefund, *, reference: str) -> PaymentUpdate:
    """Return a refund; ids are unique per store only, so the reference is part of it."""
    return PaymentUpdate(
        reference=reference,
        external_id=f"{reference}:{refund.external_id}"[:110],
        kind=UpdateKind.REFUNDED,
        amount=refund.amount,
        occurred_at=refund.made_at,
        request_key=refund.key,
        reason=refund.reason,
    )


def requested_keys(reference: str) -> set[str]:
    """Return the keys of the refunds that we requested of a payment.

    Staff of a store may end a reason of theirs as we end ours with the key: "Damaged [box]".
    """
    requests = PaymentEvent.objects.filter(
        gateway=CODE, payment__reference=reference, kind=PaymentEvent.Kind.REFUND_REQUESTED
    )
    return set(requests.values_list("external_id", flat=True))


class SalesChannelGateway:
    """All stores as one gateway; a reference names the channel and the order in its store.

    Each connection has a circuit breaker of its own, so ``gate`` is not used.
    """

    def __init__(self, *, gate: CallObserver) -> None:
        pass

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        """Refund once per key.

        Some platforms have no idempotency keys: their adapters look for an earlier refund, so two
        calls at once would both refund.

        Raises: TemporaryError  another worker refunds this payment, or its store is paused
        """
        request = PaymentEvent.objects.filter(gateway=CODE, external_id=key).first()
        with _refund_lock(reference), _store_of(reference) as (platform, order_id):
            units, delivery = _find_refunded(_read(platform, order_id), amount, reference)
            made = platform.refund(
                RefundWrite(
                    order_id=order_id,
                    amount=amount,
                    units=units,
                    delivery=delivery,
                    reason=request.reason if request else "",
                    key=key,
                )
            )
        return refund_update(made, reference=reference)

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        """Return the refunds that we requested."""
        with _store_of(reference) as (platform, order_id):
            remote = _read(platform, order_id)
        ours = requested_keys(reference)
        return tuple(
            refund_update(refund, reference=reference)
            for refund in remote.refunds
            if refund.key in ours
        )

    def authorization(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        return self.history(reference=reference)

    def balance(self, *, reference: str) -> GatewayBalance:
        with _store_of(reference) as (platform, order_id):
            return _balance(_read(platform, order_id), reference)

    def balances(self, *, since: datetime, until: datetime) -> Iterator[GatewayBalance]:
        """Yield the paid orders of all active stores that changed; ignored ones are left out."""
        active = Connection.objects.filter(status=Connection.Status.ACTIVE)
        for connection in active.select_related("channel").order_by("pk"):
            ignored = set(
                RemoteOrderRecord.objects.filter(
                    connection=connection, status=RemoteOrderRecord.Status.IGNORED
                ).values_list("external_id", flat=True)
            )
            with open_platform(connection) as platform:
                for remote in platform.orders_since(since):
                    if isinstance(remote, UnreadableOrder):
                        continue
                    is_ours = remote.external_id not in ignored and not remote.is_test
                    if is_ours and since <= remote.updated_at < until:
                        reference = f"{connection.channel.code}:{remote.external_id}"
                        yield _balance(remote, reference)

    def close(self) -> None:
        """Do nothing: each call opens its store."""

    def _refuse(self, **_: Any) -> NoReturn:
        raise PermanentError("only refunds are requested from a store", code="405")

    open = capture = release = abandon = updates_of_event = _refuse


@contextmanager
def _refund_lock(reference: str) -> Iterator[None]:
    """Let one worker refund a payment at a time. Raises: TemporaryError."""
    try:
        with exclusive_lock(f"store refund {reference}"):
            yield
    except LockedElsewhereError as error:
        raise TemporaryError(f"another worker refunds {reference}") from error


@contextmanager
def _store_of(reference: str) -> Iterator[tuple[Platform, str]]:
    """Open the store of a payment; yield it with the order's id there.

    Raises: UnknownAtGatewayError  no store is connected to the channel
            TemporaryError         its connection is paused
    """
    code, _, order_id = reference.partition(":")
    connection = Connection.objects.filter(channel__code=code).select_related("channel").first()
    if connection is None:
        raise UnknownAtGatewayError(f"no store is connected to {code!r}", code="404")
    if connection.status != Connection.Status.ACTIVE:
        raise TemporaryError(f"the connection of {code} is {connection.status}")
    with open_platform(connection, is_for_order=True) as platform:
        yield platform, order_id


def _read(platform: Platform, order_id: str) -> RemoteOrder:
    remote = platform.order(order_id)
    if remote is None:
        raise UnknownAtGatewayError(f"the store has no order {order_id}", code="404")
    return remote


def _find_refunded(
    remote: RemoteOrder, amount: Money, reference: str
) -> tuple[dict[str, int], Money]:
    """Return the units and the delivery that a refund is for; nothing if no such units cost it.

    They are canceled or returned here, and not in the store: it would refuse to refund them.
    """
    delivery, nothing = remote.delivery, Money.zero(amount.currency)
    if remote.is_canceled:
        return {}, nothing
    refunded: Counter[str] = Counter()
    for refund in remote.refunds:
        refunded.update(refund.units)
    lines = OrderLine.objects.filter(order__payments__reference=reference).select_related("order")
    gone = [part for line in lines if (part := _gone(line))[1]]
    left: Counter[str] = Counter()
    for line_id, units, _ in gone:
        left[line_id] += units
    for line in remote.lines:
        left[line.external_id] -= max(line.canceled, refunded[line.external_id])
    for parts in (gone, *([part] for part in gone)):
        named: Counter[str] = Counter()
        for line_id, units, _ in parts:
            named[line_id] += units
        goods = Money.total((cost for *_, cost in parts), amount.currency)
        is_with_delivery = goods + delivery == amount and not remote.refunds
        if named <= left and (goods == amount or is_with_delivery):
            return dict(named), nothing if goods == amount else delivery
    return {}, nothing


def _gone(line: OrderLine) -> tuple[str, int, Money]:
    """Return the line in the store, and the units that the customer does not keep with their cost."""
    units = line.canceled_quantity + line.returned_quantity
    charge = Money(line.customer_charge_amount, line.order.currency)
    cost = prorate(charge, quantity=line.quantity, before=line.quantity - units, units=units)
    return line.external_reference, units, cost


def _balance(remote: RemoteOrder, reference: str) -> GatewayBalance:
    nothing = Money.zero(remote.currency)
    paid = nothing if remote.payment in UNPAID else remote.total
    return GatewayBalance(
        reference=reference,
        name=reference,
        authorized=paid,
        held=nothing,
        captured=paid,
        refunded=remote.refunded,
        moved_at=remote.updated_at,
    )
