"""Return requests: validate and store a customer's return once, record the receipt."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import get_language, gettext

from catalog.texts.titles import title_in
from orders import numbers
from orders.models import (
    Order,
    OrderLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
)
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns import eligibility, events, exchange_options, photos
from orders.returns.eligibility import CannotReturnError, Returnable
from storefront.lib.db.transactions import requires_transaction

Kind = ReturnAuthorization.Kind
Status = ReturnAuthorization.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequest:
    """A return request. ``units`` by order line id.

    ``key`` identifies the form, so that a repeated submission is one request. ``encoded_photos`` as
    returned by ``photos.reencode``. ``wanted`` maps order lines to the variant requested instead.
    """

    key: str
    kind: ReturnAuthorization.Kind
    units: Mapping[int, int]
    customer_message: str = ""
    encoded_photos: Sequence[bytes] = ()
    wanted: Mapping[int, int] = field(default_factory=dict)


def submit(
    *,
    order: Order,
    request: ReturnRequest,
    actor: str,
    now: datetime,
    ignore_deadlines: bool = False,
) -> list[ReturnAuthorization]:
    """Store the request; return the existing one if ``key`` is known. Idempotent.

    A withdrawal is approved at once; a complaint awaits staff.

    Locks:  the order
    Raises: CannotReturnError
    """
    with photos.store(request.encoded_photos) as names:
        return _submit(order, request, names, actor, now, ignore_deadlines=ignore_deadlines)


@transaction.atomic(durable=True)
def _submit(  # noqa: PLR0913 - as above, with file names
    order: Order,
    request: ReturnRequest,
    names: Sequence[str],
    actor: str,
    now: datetime,
    *,
    ignore_deadlines: bool,
) -> list[ReturnAuthorization]:
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if locked.access_key != order.access_key:  # erased since the page was shown
        message = gettext("The data of this order was erased. You cannot add anything to it.")
        raise CannotReturnError(message)
    if existing := list(locked.returns.filter(request_key=request.key).order_by("pk")):
        return existing
    if ReturnAuthorization.objects.filter(request_key=request.key).exists():
        raise CannotReturnError(gettext("This form belongs to another order. Open the form again."))
    returnable = eligibility.find_returnable(
        order=locked, now=now, ignore_deadlines=ignore_deadlines
    )
    chosen = validate(request, returnable)
    authorizations = [
        _create(locked, purchase_order, units, request, actor, now)
        for purchase_order, units in _by_purchase_order(chosen, returnable).items()
    ]
    for authorization in authorizations:
        photos.attach(authorization, names, now=now)
        if authorization.is_withdrawal:
            approve(authorization, actor=actor, now=now)
    events.record_request(authorizations, at=now)
    return authorizations


def validate(request: ReturnRequest, returnable: Returnable) -> dict[int, int]:
    """Return the requested units, if all of them are returnable. Raises CannotReturnError."""
    requested = {line: units for line, units in request.units.items() if units}
    if not requested:
        raise CannotReturnError(gettext("Choose at least one item."))
    max_units = returnable.of(request.kind)
    for line, units in requested.items():
        if units < 0 or units > max_units.get(line, 0):
            raise CannotReturnError(
                _error_message(line, max_units.get(line, 0), request, returnable)
            )
    _validate_variants(request, requested, returnable)
    return requested


def _validate_variants(
    request: ReturnRequest, requested: Mapping[int, int], returnable: Returnable
) -> None:
    """Require available variants that cost no more. Raises CannotReturnError."""
    wanted = {line: variant_id for line, variant_id in request.wanted.items() if line in requested}
    if not wanted:
        return
    if request.kind == Kind.WITHDRAWAL:
        exchange_options.require_all_or_none(line in wanted for line in requested)
    purchase_lines = [returnable.purchase_lines[line] for line in wanted]
    options = exchange_options.find_options(
        purchase_lines, channel=purchase_lines[0].order_line.order.channel
    )
    for line, variant_id in wanted.items():
        if all(
            option.variant.pk != variant_id or option.is_dearer for option in options.get(line, [])
        ):
            message = gettext(
                "This product is not available as an exchange. To get a more "
                "expensive one, return yours for a refund and place a new order."
            )
            raise CannotReturnError(message)


def _error_message(
    line: int, max_units: int, request: ReturnRequest, returnable: Returnable
) -> str:
    if line not in returnable.purchase_lines:
        return gettext("This item is not part of the order.")
    if request.kind == Kind.WITHDRAWAL and returnable.is_withdrawal_over:
        return gettext("The 14-day withdrawal period is over.")
    order_line = returnable.purchase_lines[line].order_line
    title = title_in(order_line, get_language() or "en")
    if not max_units and order_line.returning_quantity < order_line.shipped_quantity:
        return gettext(
            "%(title)s cannot be returned now: it has not arrived, or its warranty has ended."
        ) % {"title": title}
    if not max_units:
        return gettext("All units of %(title)s have already been returned or canceled.") % {
            "title": title
        }
    return gettext("You can return at most %(left)d of %(title)s.") % {
        "title": title,
        "left": max_units,
    }


def _by_purchase_order(
    chosen: Mapping[int, int], returnable: Returnable
) -> dict[PurchaseOrder, dict[int, int]]:
    by_purchase_order: dict[PurchaseOrder, dict[int, int]] = defaultdict(dict)
    for line, units in sorted(chosen.items()):
        by_purchase_order[returnable.purchase_lines[line].purchase_order][line] = units
    return by_purchase_order


@requires_transaction
def open_without_receipt(  # noqa: PLR0913 - one row's columns
    purchase_order: PurchaseOrder,
    units: Mapping[int, int],
    *,
    kind: ReturnAuthorization.Kind,
    key: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> ReturnAuthorization:
    """Open an approved return of units that stay where they are, to refund or replace them at once.

    Shape:  ``purchase_order`` has the locked order; ``units`` by order line
    Locks:  the caller holds the order
    Raises: CannotReturnError  some of the units are in another return
    """
    lines = OrderLine.objects.in_bulk(units)
    if not units or any(
        quantity > lines[line].shipped_quantity - lines[line].returning_quantity
        for line, quantity in units.items()
    ):
        message = gettext(
            "These items are in another return already, or the parcel has no contents. Settle that"
            " return, or correct the contents. Then close the parcel."
        )
        raise CannotReturnError(message)
    request = ReturnRequest(key=key, kind=kind, units=units)
    authorization = _create(purchase_order.order, purchase_order, units, request, actor, now)
    authorization.move(
        Status.APPROVED,
        at=now,
        actor=actor,
        reason=reason,
        destination=ReturnPolicy.Destination.NOWHERE,
        label_payer=ReturnPolicy.Payer.US,
    )
    return authorization


@requires_transaction
def _create(  # noqa: PLR0913, PLR0917 - one row's columns
    order: Order,
    purchase_order: PurchaseOrder,
    units: Mapping[int, int],
    request: ReturnRequest,
    actor: str,
    now: datetime,
) -> ReturnAuthorization:
    authorization = ReturnAuthorization.objects.create(
        order=order,
        purchase_order=purchase_order,
        number=numbers.return_number(order.number),
        request_key=request.key,
        kind=request.kind,
        customer_message=request.customer_message[:MAX_MESSAGE_LENGTH],
        currency=order.currency,
        status_since=now,
        opened_at=now,
        opened_by=actor[:100],
    )
    for line, quantity in units.items():
        reserve_units(line, quantity)
        ReturnLine.objects.create(
            authorization=authorization,
            order_line_id=line,
            quantity=quantity,
            wanted_id=request.wanted.get(line),
        )
    return authorization


@requires_transaction
def reserve_units(line: int, quantity: int) -> None:
    """Count units of a line as in a return. The caller holds the order."""
    OrderLine.objects.filter(pk=line).update(returning_quantity=F("returning_quantity") + quantity)


@requires_transaction
def approve(
    authorization: ReturnAuthorization, *, actor: str, now: datetime, answer: str = ""
) -> None:
    """Approve a return, with destination and deadline by policy; the caller holds the order."""
    shipping = eligibility.choose_shipping(
        authorization.purchase_order.supplier,
        worth=_total_value(authorization),
        kind=authorization.kind,
    )
    authorization.move(
        Status.APPROVED,
        at=now,
        actor=actor,
        answer=answer,
        destination=shipping.destination,
        address=shipping.address,
        label_payer=shipping.label_payer,
        ship_by=ship_by(authorization, address=shipping.address, now=now),
    )


def ship_by(authorization: ReturnAuthorization, *, address: str, now: datetime) -> date | None:
    """Return the deadline to send the items back; None without an address or arrival."""
    has_arrived = authorization.purchase_order.status == PurchaseOrder.Status.CLOSED
    return (now + eligibility.SHIP_WITHIN).date() if address and has_arrived else None


def _total_value(authorization: ReturnAuthorization) -> Decimal:
    """Return the value of all open returns of the order to this supplier, however it is split."""
    lines = ReturnLine.objects.effective().filter(
        authorization__order=authorization.order_id,
        authorization__purchase_order__supplier=authorization.purchase_order.supplier_id,
    )
    values = (
        line.order_line.customer_charge_amount * line.quantity / line.order_line.quantity
        for line in lines.select_related("order_line")
    )
    return sum(values, Decimal(0))
