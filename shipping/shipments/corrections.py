"""Corrections: change a parcel's tracking number, last-mile number and contents, keep the former.

Each function of staff takes a reason. A supplier changes a number through the same function.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from orders.models import OrderLine, PurchaseOrder
from shipping.carriers import numbers
from shipping.models import Parcel, ParcelCorrection
from shipping.shipments import contents, events, fulfillment, tracking
from shipping.shipments.identities import Identity, identity_without_number, recognize_parcel
from storefront.lib.db.transactions import requires_transaction

Kind = ParcelCorrection.Kind
Status = Parcel.Status


class CannotCorrectError(Exception):
    """The correction is not possible; the message says why. Nothing is changed."""


@requires_transaction
def lock(parcel: Parcel) -> PurchaseOrder:
    """Lock the order and the purchase order of a parcel, and read the parcel again.

    Locks:  as ``tracking.lock_purchase_order``
    """
    purchase_order = tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
    parcel.refresh_from_db()
    return purchase_order


@transaction.atomic(durable=True)
def correct_tracking(  # noqa: PLR0913 - the fields of one form
    *,
    parcel: Parcel,
    carrier: str,
    number: str,
    last_mile_carrier: str,
    last_mile_number: str,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Change the tracking numbers of a parcel; what has not changed is left alone.

    Locks:  as ``tracking.lock_purchase_order``
    Raises: CannotCorrectError
    """
    purchase_order = lock(parcel)
    known: dict[str, Any] = {
        "parcel": parcel,
        "purchase_order": purchase_order,
        "actor": actor,
        "reason": reason,
        "now": now,
    }
    try:
        change_number(carrier=carrier, number=number, **known)
        if last_mile_number.strip() or parcel.last_mile_number:
            _change_last_mile(carrier=last_mile_carrier, number=last_mile_number, **known)
    except numbers.InvalidTrackingNumberError as error:
        raise CannotCorrectError(gettext("This is not a valid tracking number.")) from error


@requires_transaction
def change_number(  # noqa: PLR0913 - the parts of one record
    *,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    carrier: str,
    number: str,
    offered_url: str = "",
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Change carrier and number, and keep the former number. Idempotent.

    Only updates about the new number count from then on: a delivery that the carrier reported for
    the former number is undone. The customer is told the new number once, if they know the former.

    Locks:  the caller holds the order and the purchase order
    Raises: CannotCorrectError                   another parcel has the number, or this one ended
            InvalidTrackingNumberError
    """
    identity = _identify(purchase_order, carrier, number, offered_url=offered_url)
    carrier, number = identity["carrier"], identity["number"]
    if (carrier, number) == (parcel.carrier, parcel.number):
        return
    if parcel.status == Status.VOIDED or parcel.resolution != Parcel.Resolution.OPEN:
        raise CannotCorrectError(gettext("This parcel has ended. Its number cannot be changed."))
    others = Parcel.objects.filter(carrier=carrier, number=number).exclude(pk=parcel.pk)
    if number and (other := others.select_related("shipment__purchase_order").first()):
        message = gettext("%(parcel)s belongs to %(purchase_order)s. Correct that parcel first.")
        known = {"parcel": other, "purchase_order": other.shipment.purchase_order}
        raise CannotCorrectError(message % known)
    former_number = parcel.number if number != parcel.number else ""
    correction = _record(
        parcel,
        Kind.TRACKING,
        before=_text(parcel.carrier, parcel.number),
        after=_text(carrier, number),
        former_number=former_number,
        actor=actor,
        reason=reason,
        now=now,
    )
    parcel.update_columns(**identity)
    if former_number:
        was_delivered = parcel.carrier_status == Parcel.CarrierStatus.DELIVERED
        tracking.apply_latest(parcel=parcel, purchase_order=purchase_order, now=now)
        is_delivered = parcel.carrier_status == Parcel.CarrierStatus.DELIVERED
        if parcel.status == Status.DELIVERED and was_delivered and not is_delivered:
            fulfillment.mark_undelivered(
                parcel=parcel,
                to=Status.SHIPPED,
                purchase_order=purchase_order,
                now=now,
                actor=actor,
                reason=reason,
            )
    events.record_tracking_changed(
        parcel, correction=correction, purchase_order=purchase_order, at=now
    )
    fulfillment.notify_once(parcel=parcel, purchase_order=purchase_order, now=now)


@requires_transaction
def record_last_mile(
    *, parcel: Parcel, purchase_order: PurchaseOrder, carrier: str, number: str, now: datetime
) -> None:
    """Store the last-mile number that the supplier reports, if there is a valid one."""
    try:
        reported = numbers.normalize_number(number)
    except numbers.InvalidTrackingNumberError:
        return
    if reported != parcel.number:
        _change_last_mile(
            parcel=parcel,
            purchase_order=purchase_order,
            carrier=carrier,
            number=reported,
            actor=f"supplier {purchase_order.supplier.code}",
            reason="reported by the supplier",
            now=now,
        )


@requires_transaction
def _change_last_mile(  # noqa: PLR0913 - the parts of one record
    *,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    carrier: str,
    number: str,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    identity = _identify(purchase_order, carrier if number.strip() else "", number)
    carrier, number, url = identity["carrier"], identity["number"], identity["tracking_url"]
    former_number = parcel.last_mile_number
    if (carrier, number) == (parcel.last_mile_carrier, former_number):
        return
    _record(
        parcel,
        Kind.LAST_MILE,
        before=_text(parcel.last_mile_carrier, former_number),
        after=_text(carrier, number),
        former_number=former_number if number != former_number else "",
        actor=actor,
        reason=reason,
        now=now,
    )
    parcel.update_columns(last_mile_carrier=carrier, last_mile_number=number, last_mile_url=url)
    tracking.apply_latest(parcel=parcel, purchase_order=purchase_order, now=now)


@transaction.atomic(durable=True)
def change_contents(  # noqa: PLR0913 - the fields of one form
    *,
    parcel: Parcel,
    other: Parcel | None,
    units: Counter[int],
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Set the contents of a parcel; the difference moves from or to another parcel.

    Shape:  ``units`` by order line id; without ``other``, units move from or to those that are in
            no parcel
    Locks:  as ``tracking.lock_purchase_order``
    Raises: CannotCorrectError  more units than there are, or shipped units would become unshipped
    """
    purchase_order = lock(parcel)
    if other is not None:
        other.refresh_from_db()
        if other.shipment_id != parcel.shipment_id or other.pk == parcel.pk:
            raise CannotCorrectError(gettext("Choose another parcel of the same purchase order."))
    parts = [part for part in (parcel, other) if part is not None]
    if any(
        part.status == Status.VOIDED or part.resolution != Parcel.Resolution.OPEN for part in parts
    ):
        raise CannotCorrectError(gettext("This parcel has ended. Its contents cannot be changed."))
    current = contents.get_contents(parcel)
    added, removed = units - current, current - units
    available = (
        contents.get_contents(other)
        if other is not None
        else contents.remaining_units(purchase_order)
    )
    if added - available:
        raise CannotCorrectError(
            gettext("There are not that many units. Reduce the number, or choose another parcel.")
        )
    before = {part.pk: _contents_text(part) for part in parts}
    if other is not None:
        _move(other, parcel, purchase_order, added, now)
        _move(parcel, other, purchase_order, removed, now)
    else:
        if removed and parcel.has_left:
            raise CannotCorrectError(_shipped_message())
        contents.replace_contents(parcel, current - removed)
        fulfillment.add_contents(parcel=parcel, purchase_order=purchase_order, units=added, now=now)
    parcel.update_columns(is_content_unknown=False)
    for part in parts:
        _record(
            part,
            Kind.CONTENTS,
            before=before[part.pk],
            after=_contents_text(part),
            actor=actor,
            reason=reason,
            now=now,
        )
    fulfillment.close_purchase_order(purchase_order, now=now)


def _shipped_message() -> str:
    return gettext("Units that have shipped can only be moved to a parcel that has shipped.")


@requires_transaction
def _move(
    giver: Parcel,
    taker: Parcel,
    purchase_order: PurchaseOrder,
    units: Counter[int],
    now: datetime,
) -> None:
    if not units:
        return
    if giver.has_left and not taker.has_left:
        raise CannotCorrectError(_shipped_message())
    fulfillment.move_units(
        giver=giver, taker=taker, purchase_order=purchase_order, units=units, now=now
    )


@requires_transaction
def _record(  # noqa: PLR0913 - the parts of one record
    parcel: Parcel,
    kind: ParcelCorrection.Kind,
    *,
    before: str,
    after: str,
    former_number: str = "",
    actor: str,
    reason: str,
    now: datetime,
) -> ParcelCorrection:
    return ParcelCorrection.objects.create(
        parcel=parcel,
        kind=kind,
        before=before[:300],
        after=after[:300],
        former_number=former_number,
        corrected_at=now,
        actor=actor[:100],
        reason=reason[:300],
    )


def _identify(
    purchase_order: PurchaseOrder, carrier: str, number: str, *, offered_url: str = ""
) -> Identity:
    if not number.strip():
        return identity_without_number(carrier)
    return recognize_parcel(
        order=purchase_order.order, number=number, wording=carrier, offered_url=offered_url
    )


def _text(carrier: str, number: str) -> str:
    return f"{carrier} {number}".strip()


def _contents_text(parcel: Parcel) -> str:
    units = contents.get_contents(parcel)
    skus = dict(OrderLine.objects.filter(pk__in=units).values_list("pk", "sku"))
    return ", ".join(f"{quantity} × {skus[line]}" for line, quantity in sorted(units.items()))
