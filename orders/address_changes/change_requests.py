"""Address change requests: ask suppliers to ship elsewhere, record and apply their answers."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from orders import events
from orders.address_changes import corrections
from orders.address_changes.corrections import AddressLockedError
from orders.addresses import pending_changes, verification
from orders.models import AddressChangeRequest, Order, PurchaseMessage, PurchaseOrder
from orders.purchasing import locks
from storefront.lib.address import Address

Status = AddressChangeRequest.Status


class AnswerPendingError(AddressLockedError):
    """A supplier has not answered the last request yet."""


class NothingLeftError(AddressLockedError):
    """Everything has shipped."""


class PartlyChangedError(AddressLockedError):
    """Unshipped items have this address already; the others shipped to another address."""


class Changeability(StrEnum):
    """Whether the delivery address of an order can be changed now."""

    OPEN = "open"
    PENDING = "pending"  # a supplier has not answered the last request
    GONE = "gone"  # everything has shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeResult:
    """Purchase order numbers: changed at once, requested from a supplier, already shipped."""

    done: tuple[str, ...]
    requested: tuple[str, ...]
    late: tuple[str, ...]


def change_address(  # noqa: PLR0913 - the parts of one record
    *,
    order: Order,
    ship_to: Address,
    reason: str,
    actor: str,
    now: datetime,
    noted: Mapping[str, Any] | None = None,
) -> ChangeResult | None:
    """Change the address of an order; None: corrected at once, as no supplier had it.

    Raises: AddressLockedError, corrections.InvalidNewAddressError  nothing is written
    """
    if corrections.can_correct(order):
        try:
            corrections.correct(
                order=order, ship_to=ship_to, reason=reason, actor=actor, now=now, noted=noted
            )
        except corrections.AlreadySubmittedError:
            pass  # submitted in the meantime: request the change from the supplier
        else:
            return None
    return request_change(order=order, ship_to=ship_to, reason=reason, actor=actor, now=now)


def changeability(
    purchases: Iterable[PurchaseOrder], *, pending: Iterable[int], is_rerouted: bool
) -> Changeability:
    """Return whether ``request_change`` can change the address of a paid order.

    Shape:  ``purchases``: all of the order; ``pending``: ids of those with an unanswered request;
            ``is_rerouted``: the order has an open backorder
    """
    pending_ids = set(pending)
    all_purchases = list(purchases)
    active = [
        purchase for purchase in all_purchases if purchase.status != PurchaseOrder.Status.CANCELED
    ]
    cancelable = [purchase for purchase in active if purchase.status in PurchaseOrder.CANCELABLE]
    if any(purchase.pk in pending_ids for purchase in cancelable):
        return Changeability.PENDING
    has_unsubmitted = any(
        purchase.submission_status in PurchaseOrder.UNSUBMITTED_STATES for purchase in active
    )
    return (
        Changeability.OPEN
        if not all_purchases or is_rerouted or cancelable or has_unsubmitted
        else Changeability.GONE
    )


def request_change(
    *, order: Order, ship_to: Address, reason: str, actor: str, now: datetime
) -> ChangeResult:
    """Change the address of what is not submitted, and request the change from suppliers.

    What has shipped keeps its address. Idempotent: the same request is sent once. The country
    stays.

    Locks:  the order, then its purchase orders in id order
    Raises: AddressLockedError, corrections.InvalidNewAddressError  nothing is written
    """
    corrections.require_same_tax(order, ship_to)  # before anything is locked
    try:
        return _request_change(order, ship_to, reason, actor, now)
    except IntegrityError as error:
        message = gettext(
            "A supplier has not answered the previous address change yet. Wait for"
            " the answer, or contact the supplier."
        )
        raise AnswerPendingError(message) from error


@transaction.atomic(durable=True)
def _request_change(
    order: Order, ship_to: Address, reason: str, actor: str, now: datetime
) -> ChangeResult:
    order = corrections.lock_order(order)
    corrections.require_valid(order, Address(**order.ship_to), ship_to)
    new_address = asdict(ship_to)
    requests = AddressChangeRequest.objects.filter(purchase_order__order=order)
    pending_addresses = dict(
        requests.filter(status=Status.REQUESTED).values_list("purchase_order", "ship_to")
    )
    change_number = requests.values("place").distinct().count() + 1
    changed, requested, too_late, repeated, unchanged = [], [], [], [], []
    for purchase_order in corrections.open_purchase_orders(order):
        purchase_order.order = order
        if (
            purchase_order.status in PurchaseOrder.CANCELABLE
            and pending_addresses.get(purchase_order.pk) == new_address
        ):
            repeated.append(purchase_order.number)
            continue
        # While another request is open, the final address is unknown.
        if purchase_order.goes_to == new_address and purchase_order.pk not in pending_addresses:
            unchanged.append(purchase_order.number)
            continue
        if purchase_order.status == PurchaseOrder.Status.CANCELED:
            _change(purchase_order, ship_to, change_number, reason, actor, now)
            changed.append(purchase_order.number)
            continue
        if purchase_order.submission_status in PurchaseOrder.UNSUBMITTED_STATES:
            _change(purchase_order, ship_to, change_number, reason, actor, now)
            changed.append(purchase_order.number)
        elif purchase_order.status in PurchaseOrder.CANCELABLE:
            _create_request(purchase_order, new_address, change_number, reason, actor, now)
            requested.append(purchase_order.number)
        else:
            too_late.append(purchase_order.number)
    if not changed and not requested and not repeated:
        error: type[AddressLockedError] = NothingLeftError
        if unchanged:
            error = PartlyChangedError if too_late else corrections.SameAddressError
        raise error(
            gettext("Nothing to change: all items have shipped or already go to this address.")
        )
    if changed or requested:
        order.address_verification = verification.record_second_address(
            order.address_verification, ship_to
        )
        order.save(update_fields=["address_verification"])
    # The new address is valid and confirmed: address holds are released.
    changed_orders = order.purchase_orders.filter(number__in=changed)
    corrections.release_address_holds(changed_orders, actor=actor, now=now)
    return ChangeResult(
        done=tuple(changed), requested=tuple(requested + repeated), late=tuple(too_late)
    )


def _create_request(  # noqa: PLR0913, PLR0917 - the parts of one record
    purchase_order: PurchaseOrder,
    new_address: dict[str, str],
    change_number: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    AddressChangeRequest.objects.create(
        purchase_order=purchase_order,
        ship_to=new_address,
        place=change_number,
        status_since=now,
        reason=reason[:200],
        requested_by=actor[:100],
    )
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.OUT,
        kind="readdress",
        body={"place": change_number},  # the address is only stored in the request
        at=now,
    )


def _change(  # noqa: PLR0913, PLR0917 - the parts of one record
    purchase_order: PurchaseOrder,
    ship_to: Address,
    change_number: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Change the address of a purchase order that no supplier has, and notify the customer."""
    pending_changes.reject(
        purchase_order, reason=pending_changes.SUPERSEDED, notify_customer=False, now=now
    )
    previous = Address(**purchase_order.goes_to)
    purchase_order.ship_to = asdict(ship_to)
    purchase_order.save(update_fields=["ship_to"])
    change_request = AddressChangeRequest.objects.create(
        purchase_order=purchase_order,
        ship_to=purchase_order.ship_to,
        place=change_number,
        status=Status.ACCEPTED,
        status_since=now,
        reason=reason[:200],
        requested_by=actor[:100],
        answered_by=actor[:100],
    )
    events.delivery_address_change_result(
        purchase_order, change_request=change_request, was=previous, at=now
    )


@transaction.atomic(durable=True)
def record_answer(
    *, change_request: AddressChangeRequest, is_yes: bool, actor: str, now: datetime
) -> None:
    """Record the supplier's answer and notify the customer. Idempotent.

    Locks:  the order, then the purchase order, then the request
    Raises: AddressLockedError  the opposite answer is recorded
    """
    purchase_order = change_request.purchase_order
    locks.lock(purchase_order)
    change_request = AddressChangeRequest.objects.select_for_update(of=["self"]).get(
        pk=change_request.pk
    )
    status = Status.ACCEPTED if is_yes else Status.REFUSED
    if change_request.status == status:
        return
    if change_request.status != Status.REQUESTED:
        raise AddressLockedError(gettext("The supplier has already given a different answer."))
    previous = Address(**purchase_order.goes_to)
    change_request.move(status, at=now, actor=actor, answered_by=actor[:100])
    if is_yes:
        purchase_order.ship_to = change_request.ship_to
        purchase_order.save(update_fields=["ship_to"])
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.IN,
        kind=f"readdress_{status}",
        body={"place": change_request.place},
        at=now,
    )
    events.delivery_address_change_result(
        purchase_order, change_request=change_request, was=previous, at=now
    )


def pending_request(purchase_order: PurchaseOrder) -> AddressChangeRequest | None:
    """Return the unanswered request of a purchase order, if any."""
    return purchase_order.address_change_requests.filter(status=Status.REQUESTED).first()
