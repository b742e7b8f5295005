"""Address corrections: confirm or correct an address before a supplier has it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext

from orders import events
from orders.addresses import pending_changes, validation, verification
from orders.backorders import backorders
from orders.models import AddressChangeRequest, Order, PurchaseOrder
from orders.purchasing.holds import holds
from orders.tax import rates
from storefront.lib.address import Address
from storefront.lib.db.transactions import requires_transaction

Submission = PurchaseOrder.Submission
Status = PurchaseOrder.Status
ENDED_STATES = frozenset({Order.Status.COMPLETED, Order.Status.EXPIRED, Order.Status.CANCELED})
ADDRESS = "address"  # code of the hold reason


class AddressLockedError(Exception):
    """The address cannot be changed any more; the message gives the reason. Nothing is written."""


class OrderEndedError(AddressLockedError):
    """The order has ended."""


class AlreadySubmittedError(AddressLockedError):
    """A supplier may have the address."""


class SameAddressError(AddressLockedError):
    """The order has this address already."""


class InvalidNewAddressError(Exception):
    """The new address is invalid: ``fields`` maps fields to errors. Nothing is written."""

    def __init__(self, fields: Mapping[str, Promise | str]) -> None:
        super().__init__(" ".join(str(error) for error in fields.values()))
        self.fields = fields


def unconfirmed_warnings(order: Order) -> dict[str, Promise]:
    """Return the unconfirmed warnings of an order's address."""
    if not order.ship_to:
        return {}
    return verification.unconfirmed_warnings(Address(**order.ship_to), order.address_verification)


def can_confirm(order: Order) -> bool:
    return order.status not in ENDED_STATES and bool(unconfirmed_warnings(order))


def can_correct(order: Order) -> bool:
    return order.status not in ENDED_STATES and not _submitted(order).exists()


@transaction.atomic(durable=True)
def confirm(*, order: Order, reason: str, actor: str, now: datetime) -> None:
    """Confirm an address despite its warnings; release purchase orders held for them.

    Locks:  the order, then its purchase orders in id order
    Raises: AddressLockedError
    """
    order = lock_order(order)
    unconfirmed = unconfirmed_warnings(order)
    if not unconfirmed:
        raise AddressLockedError(gettext("This address has no open warnings."))
    ship_to = Address(**order.ship_to)
    verified = order.address_verification
    warnings = sorted({*verification.warnings(ship_to)})
    order.address_verification = {
        "reason": "",
        "other": {},
        **verified,
        "of": verification.digest_of(ship_to),
        "verdict": str(verification.AddressOrigin.UNVERIFIED),
        "doubts": warnings,
        "staff": [
            *verified.get("staff", []),
            _entry("confirmed", reason, actor, now, doubts=sorted(unconfirmed)),
        ],
    }
    order.save(update_fields=["address_verification"])
    _release_holds(order, actor=actor, now=now)


def correct(  # noqa: PLR0913 - the parts of one record
    *,
    order: Order,
    ship_to: Address,
    reason: str,
    actor: str,
    now: datetime,
    noted: Mapping[str, Any] | None = None,
) -> None:
    """Change the address of an order within its country, if no supplier has it.

    The customer is notified. Staff confirm the warnings of the new address by ``reason``, the
    customer by ``noted``, a record from ``verification.record``. The country must stay, because
    prices and routes depend on it. The region must stay if tax was added for it. May call a tax
    service.

    Locks:  the order, then its purchase orders in id order
    Raises: AddressLockedError, InvalidNewAddressError
    """
    require_same_tax(order, ship_to)  # before anything is locked
    _correct(order, ship_to, reason, actor, now, noted)


@transaction.atomic(durable=True)
def _correct(  # noqa: PLR0913, PLR0917 - the parts of one record
    order: Order,
    ship_to: Address,
    reason: str,
    actor: str,
    now: datetime,
    noted: Mapping[str, Any] | None,
) -> None:
    order = lock_order(order)
    if _submitted(order).exists():
        raise AlreadySubmittedError(
            gettext("A supplier already has this address. Contact the supplier to change it.")
        )
    previous = Address(**order.ship_to)
    require_valid(order, previous, ship_to)
    # Purchase orders with their own address, from earlier requests, get the new one too.
    unsubmitted = list(open_purchase_orders(order))
    own_addresses = [
        purchase_order.ship_to for purchase_order in unsubmitted if purchase_order.ship_to
    ]
    if previous == ship_to:
        other_addresses = [
            address
            for address in (*own_addresses, *_requested_addresses(unsubmitted))
            if address != asdict(ship_to)
        ]
        if not other_addresses:
            raise SameAddressError(gettext("The order already has this address."))
        previous = Address(**other_addresses[0])
    for purchase_order in unsubmitted:
        pending_changes.reject(
            purchase_order, reason=pending_changes.SUPERSEDED, notify_customer=False, now=now
        )
    order.purchase_orders.filter(
        pk__in=[purchase_order.pk for purchase_order in unsubmitted]
    ).update(ship_to={})
    decisions = order.address_verification.get("staff", [])
    entry = _entry("corrected", reason, actor, now, was=asdict(previous))
    order.ship_to = asdict(ship_to)
    is_own = noted is not None
    noted = noted or {**verification.record(ship_to, reason=reason), "reason": ""}
    order.address_verification = {**noted, "staff": [*decisions, entry]}
    order.save(update_fields=["ship_to", "address_verification"])
    events.delivery_address_changed(
        order, was=previous, correction_number=len(decisions) + 1, is_own=is_own, at=now
    )
    _release_holds(order, actor=actor, now=now)


def require_same_tax(order: Order, ship_to: Address) -> None:
    """Require the same tax rates as those of the order lines. Raises InvalidNewAddressError."""
    previous = Address(**order.ship_to)
    changed = [
        part for part in ("region", "postcode") if _part(previous, part) != _part(ship_to, part)
    ]
    if not settings.TAX_SERVICE:
        changed = [part for part in changed if part == "region"]  # our tax table has no postcodes
    if not changed or ship_to.country != previous.country:
        return
    treatment = rates.find_treatment(
        channel=order.channel,
        country=ship_to.country,
        region=ship_to.region,
        postcode=ship_to.postcode,
        on=order.placed_at.date(),
    )
    if order.lines.exclude(tax_rate=treatment.rate).exists():
        message = gettext(
            "The tax here differs from what was paid. Cancel this order and place a new one."
        )
        raise InvalidNewAddressError(dict.fromkeys(changed, message))


def _part(address: Address, part: str) -> str:
    return str(getattr(address, part)).strip()


def require_valid(order: Order, previous: Address, ship_to: Address) -> None:
    """Require a valid address in the same country and tax region. Raises InvalidNewAddressError."""
    errors: dict[str, Promise | str] = dict(validation.find_errors(address=ship_to))
    if ship_to.country != previous.country:
        errors["country"] = gettext(
            "Prices differ by country. Cancel this order and place a new one."
        )
    is_region_taxed = order.additional_tax_amount or order.channel.prices_exclude_tax
    if is_region_taxed and ship_to.region != previous.region:
        errors["region"] = gettext(
            "The tax was calculated for this region. Cancel this order and place a new one."
        )
    if errors:
        raise InvalidNewAddressError(errors)


@requires_transaction
def lock_order(order: Order) -> Order:
    """Lock an open order, then its purchase orders by id. Raises AddressLockedError."""
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if locked.status in ENDED_STATES:
        raise OrderEndedError(
            gettext("This order is completed or canceled, so its address cannot change.")
        )
    list(locked.purchase_orders.select_for_update(of=["self"]).order_by("pk"))
    return locked


def open_purchase_orders(order: Order) -> QuerySet[PurchaseOrder]:
    """Return active purchase orders, and rejected ones that are being rerouted."""
    is_waiting = Q(backorders__in=backorders.open_backorders(order), backorders__kind="refused")
    purchase_orders = order.purchase_orders.filter(~Q(status=Status.CANCELED) | is_waiting)
    return purchase_orders.distinct().order_by("pk")


def _requested_addresses(purchase_orders: list[PurchaseOrder]) -> list[dict[str, Any]]:
    """Return the requested addresses that apply on resubmission (``pending_changes.apply``)."""
    requests = AddressChangeRequest.objects.filter(
        purchase_order__in=purchase_orders, status=AddressChangeRequest.Status.REQUESTED
    )
    return list(requests.order_by("pk").values_list("ship_to", flat=True))


def _submitted(order: Order) -> Any:
    """Return the purchase orders that a supplier may have: their submission has started."""
    active = order.purchase_orders.exclude(status=Status.CANCELED)
    return active.exclude(submission_status__in=PurchaseOrder.UNSUBMITTED_STATES)


@requires_transaction
def _release_holds(order: Order, *, actor: str, now: datetime) -> None:
    """Release address holds if the order's address is valid and confirmed."""
    if validation.find_errors(address=Address(**order.ship_to)) or unconfirmed_warnings(order):
        return
    release_address_holds(order.purchase_orders.all(), actor=actor, now=now)


@requires_transaction
def release_address_holds(
    purchase_orders: QuerySet[PurchaseOrder], *, actor: str, now: datetime
) -> None:
    """Remove the address reason from held purchase orders; other reasons stay."""
    held = purchase_orders.filter(status=Status.ON_HOLD, hold_reasons__contains=[{"code": ADDRESS}])
    for purchase_order in held.order_by("pk"):
        holds.remove_reasons(
            purchase_order,
            lambda reason: reason["code"] == ADDRESS,
            reason="address change completed",
            now=now,
            actor=actor,
        )


def _entry(decision: str, reason: str, actor: str, now: datetime, **details: Any) -> dict[str, Any]:
    return {
        "what": decision,
        "by": actor[:100],
        "at": now.isoformat(),
        "reason": reason[:200],
        **details,
    }
