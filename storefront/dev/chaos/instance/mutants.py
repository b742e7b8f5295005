"""Mutants: inject known bugs when a process starts, so that the checks must catch them.

The product has none of them: each replaces a function in this process only.
"""

import json
import secrets
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F

from notifications import outbox
from notifications.models import Event
from orders import ledger as payment_ledger
from orders.checkout import external_orders
from orders.checkout.external_orders import ExternalPayment
from orders.gateways import gateway_for
from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.gateways.stripe.gateway import StripeGateway
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder, ReturnAuthorization
from orders.payments import refunds, updates
from orders.purchasing import acknowledgements, submission, supplier_request
from orders.returns import refund_amounts
from orders.returns import refunds as return_refunds
from storefront.events import subscriptions
from storefront.events.models import WebhookSubscription
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from storefront.sales_channels.models import RemoteOrderRecord
from storefront.sales_channels.orders import changes, intake, routing, translation
from storefront.sales_channels.orders import gateway as store_gateway
from storefront.sales_channels.platforms.base import RefundWrite, RemoteOrder, StockWrite
from suppliers.connectors.capabilities import Connector, OrderPlacing, require
from suppliers.connectors.records import PurchaseOrderRequest
from suppliers.inventory import ledger as inventory_ledger
from suppliers.models import StockLevel, StockMovement

_replaced: list[tuple[object, object]] = []
PARTS = 7
RACE_DELAY_S = 0.15  # between read and write
NAIVE_ATTEMPTS = 3
EXTRA_UNITS = 5
PRODUCT = (
    *("orders.", "suppliers.", "notifications.", "shipping.", "catalog."),
    *("storefront.sales_channels.", "storefront.events."),
)
EVENTS = {
    "payment_intent.amount_capturable_updated": UpdateKind.AUTHORIZED,
    "charge.captured": UpdateKind.CAPTURED,
    "payment_intent.canceled": UpdateKind.VOIDED,
    "charge.refunded": UpdateKind.REFUNDED,
}


def inject(name: str) -> None:
    """Inject the mutant with this name; an empty name does nothing.

    Raises: ImproperlyConfigured  in production
    """
    if not name:
        return
    if settings.IS_PRODUCTION:
        raise ImproperlyConfigured("Mutants are not available in production.")
    MUTANTS[name]()


@contextmanager
def injected(name: str) -> Iterator[None]:
    """Inject a mutant, and remove it again."""
    kept_minor = Money.minor
    inject(name)
    try:
        yield
    finally:
        Money.minor = kept_minor  # type: ignore[method-assign]
        for original, mutant in reversed(_replaced):
            _swap(mutant, original)
        _replaced.clear()


def _replace_everywhere(original: object, mutant: object) -> None:
    """Replace an object in every module that has it.

    Raises: LookupError  no module of the product has it: the mutant would do nothing
    """
    _replaced.append((original, mutant))
    if not any(module.startswith(PRODUCT) for module in _swap(original, mutant)):
        raise LookupError(f"no module of the product has {original}")


def _swap(original: object, mutant: object) -> list[str]:
    """Return the names of the changed modules."""
    changed = []
    for module_name, module in list(sys.modules.items()):
        known = getattr(module, "__dict__", {})
        for name in [name for name, value in list(known.items()) if value is original]:
            setattr(module, name, mutant)
            changed.append(module_name)
    return changed


def _stock_is_read_then_written() -> None:
    def hold(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
        for level_id, quantity in sorted(units.items()):
            level = StockLevel.objects.get(pk=level_id)
            promised = level.reserved + level.allocated_outstanding + level.safety_stock
            if level.reported_quantity < promised + quantity:
                raise inventory_ledger.NotEnoughStockError(level_id, quantity)
            time.sleep(RACE_DELAY_S)
            StockLevel.objects.filter(pk=level_id).update(reserved=level.reserved + quantity)
            StockMovement.objects.create(
                level=level,
                kind=inventory_ledger.Kind.RESERVED,
                reserved_delta=quantity,
                cause=cause,
                at=now,
            )

    _replace_everywhere(inventory_ledger.reserve, hold)


def _events_published_after_commit() -> None:
    record_event = outbox.record_event

    def record_later(**words: Any) -> Event:
        transaction.on_commit(partial(publish, words))
        return Event(**{name: words[name] for name in ("name", "key", "subject", "payload")})

    def publish(words: dict[str, Any]) -> None:
        failpoint("outbox.after_commit")
        with transaction.atomic():
            record_event(**words)

    _replace_everywhere(record_event, record_later)


def _new_number_per_submission() -> None:
    request_for = supplier_request.build_request

    def make_request_again(purchase_order: PurchaseOrder) -> PurchaseOrderRequest:
        request = request_for(purchase_order)
        return replace(request, number=f"{request.number}-{secrets.token_hex(2)}")

    _replace_everywhere(request_for, make_request_again)


def _resubmitted_without_lookup() -> None:
    call_supplier = submission._call_supplier  # noqa: SLF001

    def submit_again(
        purchase_order: PurchaseOrder,
        request: PurchaseOrderRequest,
        connector: Connector,
        moment: Callable[[], datetime],
    ) -> None:
        try:
            state = require(connector, OrderPlacing).place(request)
        except ExternalServiceError:
            call_supplier(purchase_order, request, connector, moment)
        else:
            acknowledgements.apply(purchase_order=purchase_order, state=state, now=moment())

    _replace_everywhere(call_supplier, submit_again)


def _last_event_wins() -> None:
    write, follow = payment_ledger.record, updates._apply_consequences  # noqa: SLF001 - internals
    statuses = {
        UpdateKind.AUTHORIZED: Payment.Status.AUTHORIZED,
        UpdateKind.CAPTURED: Payment.Status.CAPTURED,
        UpdateKind.VOIDED: Payment.Status.VOIDED,
    }

    class NaiveGateway(StripeGateway):
        """Takes the state in each event for the current one, even if the event is old."""

        def updates_of_event(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
            kind = EVENTS.get(json.loads(body)["type"])
            return tuple(
                update for update in super().updates_of_event(body=body) if update.kind is kind
            )

    def write_again(
        payment: Payment, update: PaymentUpdate, *, now: datetime
    ) -> PaymentEvent | None:
        named = PaymentEvent.objects.filter(external_id=update.external_id)
        return write(payment, update, now=now) or named.filter(gateway=payment.gateway).first()

    def overwrite(
        order: Order, payment: Payment, event: PaymentEvent, update: PaymentUpdate, now: datetime
    ) -> None:
        if update.kind not in statuses or order.status == Order.Status.PENDING_PAYMENT:
            follow(order, payment, event, update, now)
            return
        is_captured = update.kind is UpdateKind.CAPTURED
        Payment.objects.filter(pk=payment.pk).update(
            status=statuses[update.kind],
            captured_amount=update.amount.amount if is_captured else 0,
            voided_amount=0,
        )

    _replace_everywhere(StripeGateway, NaiveGateway)
    _replace_everywhere(write, write_again)
    _replace_everywhere(follow, overwrite)
    _replace_everywhere(updates._require_earlier_updates, lambda *_: None)  # noqa: SLF001


def _money_as_float() -> None:
    def minor(self: Money) -> int:
        # As if parts were stored in REAL columns and truncated to cents. With a single part, half
        # of all prices would be exact.
        (part,) = struct.unpack("f", struct.pack("f", self.amount / PARTS))
        return PARTS * int(part * 100)

    Money.minor = property(minor)  # type: ignore[method-assign,assignment]


def _refunds_unrecorded() -> None:
    def refund(*, order: Order, amount: Money, **_: Any) -> None:
        payment = order.payments.filter(captured_amount__gt=0).order_by("pk").get()
        gateway = gateway_for(payment.gateway)
        for _turn in range(NAIVE_ATTEMPTS):
            with suppress(ExternalServiceError):
                key = secrets.token_hex(8)
                gateway.refund(reference=payment.reference, amount=amount, key=key)
                break
        Payment.objects.filter(pk=payment.pk).update(
            refunded_amount=F("refunded_amount") + amount.amount
        )

    _replace_everywhere(refunds.refund, refund)


def _returns_refunded_per_click() -> None:
    def refund(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
        amount = refund_amounts.preview(authorization).given
        time.sleep(RACE_DELAY_S)
        with transaction.atomic():
            payment = payment_ledger.lock_authorized_payments(authorization.order_id)[-1]
            purpose = secrets.token_hex(4)
            payment_ledger.request_refund(payment, amount=amount, purpose=purpose, at=now)
        authorization.move(
            ReturnAuthorization.Status.REFUNDED,
            at=now,
            actor=actor,
            due_amount=amount.amount,
            refund_amount=amount.amount,
        )

    _replace_everywhere(return_refunds.refund, refund)


class _MoreStock(StockWrite):
    def __init__(self, *, quantity: int, **words: Any) -> None:
        super().__init__(quantity=quantity + EXTRA_UNITS, **words)


def _too_much_stock_in_stores() -> None:
    _replace_everywhere(StockWrite, _MoreStock)


def _store_orders_imported_per_notice() -> None:
    def place(record: RemoteOrderRecord, remote: RemoteOrder, now: datetime) -> Order:
        suffix = secrets.token_hex(4)
        sale = translation.to_sale(remote, record.connection)
        reference = f"{record.reference}-{suffix}"
        payment = ExternalPayment(
            gateway=store_gateway.CODE,
            reference=reference,
            updates=store_gateway.sale_updates(remote, reference=reference),
        )
        return external_orders.place(
            sale=replace(sale, reference=f"{sale.reference}-{suffix}"),
            payment=payment,
            quote=routing.quote(sale, now=now),
            now=now,
        )

    _replace_everywhere(intake._place, place)  # noqa: SLF001
    # another object than ``place``, so that both can be removed again
    _replace_everywhere(changes.follow, partial(place))


class _RefundWithNewKey(RefundWrite):
    def __init__(self, *, key: str, **words: Any) -> None:
        super().__init__(key=f"{key}:{secrets.token_hex(4)}", **words)


def _new_key_per_store_refund() -> None:
    _replace_everywhere(RefundWrite, _RefundWithNewKey)


def _new_id_per_event_attempt() -> None:
    sign = subscriptions.signed_headers

    def sign_with_new_id(
        subscription: WebhookSubscription, *, message_id: str, **words: Any
    ) -> Any:
        return sign(subscription, message_id=f"{message_id}-{secrets.token_hex(4)}", **words)

    _replace_everywhere(sign, sign_with_new_id)


MUTANTS: Mapping[str, Callable[[], None]] = {
    "stock read, then written": _stock_is_read_then_written,
    "published after commit": _events_published_after_commit,
    "no idempotency key to the supplier": _new_number_per_submission,
    "submits again without lookup": _resubmitted_without_lookup,
    "last webhook wins": _last_event_wins,
    "float money": _money_as_float,
    "refund without ledger": _refunds_unrecorded,
    "each click refunds a return": _returns_refunded_per_click,
    "too much stock in stores": _too_much_stock_in_stores,
    "each notice imports a store order": _store_orders_imported_per_notice,
    "no idempotency key to stores": _new_key_per_store_refund,
    "new id per attempt of an event": _new_id_per_event_attempt,
}
