"""Address change: show where each parcel goes, take a new address, report the outcome."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.address_changes import change_requests, corrections
from orders.address_changes.change_requests import Changeability, changeability
from orders.addresses.address_form import CheckoutAddressForm
from orders.cancellation import status
from orders.models import AddressChangeRequest, Backorder, Order, PurchaseOrder
from orders.purchasing import tasks
from storefront.lib.address import Address
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.tasks import enqueue
from storefront.web.core import formats
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import READS, visit
from storefront.web.orders import backorder_choice
from storefront.web.orders.tracking import ParcelView, purchases_of

# Destinations

Status = AddressChangeRequest.Status
SHIPPED_STATUSES = frozenset(
    {
        PurchaseOrder.Status.PARTIALLY_SHIPPED,
        PurchaseOrder.Status.SHIPPED,
        PurchaseOrder.Status.CLOSED,
    }
)
CHANGED = gettext_lazy("It goes to the new address.")
REQUEST_SENT = gettext_lazy(
    "We have asked the supplier to ship it to the new address. We send you the answer by e-mail."
)
REFUSED = gettext_lazy("The supplier can no longer change the address: it goes to the old one.")
ALREADY_SHIPPED = gettext_lazy("It had already shipped: it goes to the old address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Destination of one purchase order. ``requested``: a new one, until the supplier answers."""

    ship_to: Address
    message: Promise | str = ""
    requested: Address | None = None


def address_changes_of(order: Order) -> list[AddressChangeRequest]:
    """Return the address changes of an order, the last one at the end."""
    rows = AddressChangeRequest.objects.filter(purchase_order__order=order)
    return list(rows.order_by("place", "pk"))


def destinations(
    order: Order, purchases: Iterable[PurchaseOrder], changes: Sequence[AddressChangeRequest]
) -> Mapping[int, Destination]:
    """Return the destination of each purchase order, with the state of the last address change."""
    last = changes[-1] if changes and not _is_settled(order, changes[-1]) else None
    requests = {row.purchase_order_id: row for row in changes if last and row.place == last.place}
    by_purchase = {}
    for purchase in purchases:
        purchase.order = order
        ship_to = Address(**purchase.goes_to)
        change_request = requests.get(purchase.pk)
        is_pending = change_request is not None and change_request.status == Status.REQUESTED
        by_purchase[purchase.pk] = Destination(
            ship_to=ship_to,
            message=_destination_text(purchase, change_request, last) if last else "",
            requested=Address(**change_request.ship_to) if change_request and is_pending else None,
        )
    return by_purchase


def group_by_destination(
    order: Order, boxes: Sequence[ParcelView], destinations: Mapping[int, Destination]
) -> list[tuple[Address, list[int]]]:
    """Group parcels, by their numbers on the page, by destination."""
    by_destination: dict[Address, list[int]] = {}
    for number, box in enumerate(boxes, start=1):
        if box.purchase_id is not None and box.purchase_id in destinations:
            by_destination.setdefault(destinations[box.purchase_id].ship_to, []).append(number)
    return list(by_destination.items()) or [(Address(**order.ship_to), [])]


def requested_address(order: Order, changes: Sequence[AddressChangeRequest]) -> Address:
    """Return the address that the customer last requested."""
    last = changes[-1] if changes and not _is_settled(order, changes[-1]) else None
    return Address(**(last.ship_to if last else order.ship_to))


def can_change(
    order: Order,
    purchases: Sequence[PurchaseOrder],
    changes: Sequence[AddressChangeRequest],
    questions: Iterable[Backorder],
) -> Changeability | None:
    """Return whether the address can be changed; None if unpaid, closed, or being canceled."""
    if (
        order.status not in Order.ACTIVE
        or status.status_from(purchases) == status.CancellationStatus.ASKED
    ):
        return None
    pending = [row.purchase_order_id for row in changes if row.status == Status.REQUESTED]
    is_rerouted = any(row.kind == Backorder.Kind.REFUSED for row in questions)
    return changeability(purchases, pending=pending, is_rerouted=is_rerouted)


def _destination_text(
    purchase: PurchaseOrder, change_request: AddressChangeRequest | None, last: AddressChangeRequest
) -> Promise | str:
    if change_request is not None and change_request.status == Status.REQUESTED:
        return REQUEST_SENT
    if purchase.goes_to == last.ship_to:
        return CHANGED
    if change_request is not None and change_request.status == Status.REFUSED:
        # A refusal without a supplier's answer means that the parcel had already shipped.
        return REFUSED if change_request.answered_by else ALREADY_SHIPPED
    return ALREADY_SHIPPED if purchase.status in SHIPPED_STATUSES else ""


def _is_settled(order: Order, last: AddressChangeRequest) -> bool:
    """Return whether staff corrected the address after this request, before anything shipped."""
    corrected_at = [
        datetime.fromisoformat(check["at"])
        for check in order.address_verification.get("staff", [])
        if check["what"] == "corrected"
    ]
    return any(at > last.status_since for at in corrected_at)


CHANGES_PER_HOUR = 20  # per order
BY_CUSTOMER = "requested by the customer"
MESSAGES: dict[str, tuple[str, Promise]] = {
    "changed": (
        "good",
        gettext_lazy("It goes to the new address. We also confirm this by e-mail."),
    ),
    "partly": (
        "",
        gettext_lazy(
            "What has not shipped yet goes to the new address. Each parcel shows its address."
        ),
    ),
    "asked": (
        "",
        gettext_lazy(
            "Your new address is saved. Each parcel shows its address. When a"
            " supplier answers, we e-mail you."
        ),
    ),
    "same": ("good", gettext_lazy("It already goes to this address.")),
}
OVER = gettext_lazy("This order is closed: its address can no longer be changed.")
UNPAID = gettext_lazy("The order is not paid yet. Pay it first, or cancel it and order again.")
CANCELING = gettext_lazy("You asked to cancel it, and the supplier has not answered yet.")
REQUESTED_ALREADY = gettext_lazy(
    "We have asked a supplier to ship it to your latest address. We e-mail you the"
    " answer. After that you can change the address again."
)
ALL_SHIPPED = gettext_lazy(
    "Everything has shipped: it goes to the old address. The carrier may still be able to help."
)


class NewAddressForm(CheckoutAddressForm):
    """Form for a new address, limited to the country of the order's prices."""

    email = None  # type: ignore[assignment]  # removes the field, as Django documents
    has_fixed_country = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        message = gettext("Prices differ by country. Cancel this order and place a new one.")
        self.fields["country"].error_messages["invalid_choice"] = message


@never_cache
@require_http_methods(READS)
def change(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Show the destination, and take a new address."""
    order = find_order(number, key)
    problem, error, status = _read_obstacle(order), "", HTTPStatus.OK
    form = _form(request, order)
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if is_rate_limited(what="readdress", who=order.number, per_hour=CHANGES_PER_HOUR):
            error = gettext("Too many changes in one hour. Try again later, or contact us.")
        elif form.is_valid() and problem not in {OVER, UNPAID, CANCELING}:
            try:
                return to_order(order, address=_change_address(order, form))
            except corrections.SameAddressError:
                return to_order(order, address="same")
            except change_requests.PartlyChangedError:
                return to_order(order, address="partly")
            except corrections.InvalidNewAddressError as invalid:
                for field, message in invalid.fields.items():
                    form.add_error(field, str(message))
            except corrections.AddressLockedError as settled:
                order.refresh_from_db()
                problem = _read_obstacle(order) or _locked_message(settled)
        if error or problem:
            status = HTTPStatus.TOO_MANY_REQUESTS if error else HTTPStatus.CONFLICT
    context = {"order": order, "form": form, "problem": problem, "error": error}
    return render(request, "web/orders/order_address.html", context, status=status)


def _change_address(order: Order, form: NewAddressForm) -> str:
    """Change the address, and return the code of the message.

    Raises: corrections.AddressLockedError, corrections.InvalidNewAddressError: nothing is written.
    """
    assert form.chosen is not None  # noqa: S101 - a valid form has an address
    note = {name: value for name, value in form.note.items() if name not in {"staff", "also"}}
    result = change_requests.change_address(
        order=order,
        ship_to=form.chosen,
        reason=note.get("reason") or BY_CUSTOMER,
        actor="customer",
        now=timezone.now(),
        noted=note,
    )
    enqueue(tasks.sweep_due_submissions)
    if result is None or not (result.requested or result.late):
        return "changed"
    return "asked" if result.requested else "partly"


def _read_obstacle(order: Order) -> Promise | None:
    """Return why the address cannot be changed now, or None."""
    purchases = purchases_of(order)
    changes = address_changes_of(order)
    questions = backorder_choice.open_questions(order)
    changeability = can_change(order, purchases, changes, questions)
    return find_obstacle(order, changeability, status.status_from(purchases))


def find_obstacle(
    order: Order, changeability: Changeability | None, cancellation: status.CancellationStatus
) -> Promise | None:
    """Return why the address cannot be changed, or None; ``changeability`` is of ``can_change``."""
    if changeability is None:
        if order.status == Order.Status.PENDING_PAYMENT:
            return UNPAID
        is_stopping = cancellation == status.CancellationStatus.ASKED
        return CANCELING if is_stopping and order.status in Order.ACTIVE else OVER
    return {Changeability.PENDING: REQUESTED_ALREADY, Changeability.GONE: ALL_SHIPPED}.get(
        changeability
    )


def _locked_message(error: corrections.AddressLockedError) -> Promise:
    messages: dict[type[Exception], Promise] = {
        corrections.OrderEndedError: OVER,
        change_requests.AnswerPendingError: REQUESTED_ALREADY,
    }
    return messages.get(type(error), ALL_SHIPPED)


def _form(request: HttpRequest, order: Order) -> NewAddressForm:
    known = requested_address(order, address_changes_of(order))
    return NewAddressForm(
        request.POST if request.method == "POST" else None,
        initial=asdict(known),
        noted=order.address_verification,
        countries=formats.countries((known.country,), visit(request).language),
    )
