"""Carrier confirmation: settle what is uncertain about a parcel's carrier, keep its history.

A carrier that reports events has the parcel. Staff can keep what the supplier stated.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from orders.models import PurchaseOrder
from shipping.carriers import registry
from shipping.carriers.tracking_urls import tracking_url
from shipping.models import Parcel
from shipping.shipments import tracking
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange

Finding = Parcel.CarrierFinding
KEPT_BY_STAFF = "kept by staff"


@requires_transaction
def confirm_carrier(
    *,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    reported: str,
    actor: str,
    now: datetime,
) -> None:
    """Set the carrier that reported events of a parcel, and settle its finding. Idempotent.

    ``reported`` is the carrier's name in the words of a tracking provider. An unknown name changes
    nothing. If another parcel has the number with this carrier, staff decide.
    Locks:  the caller holds the order and the purchase order
    """
    order = purchase_order.order
    country = order.ship_to["country"]
    named = registry.find_by_name(reported, country=country)
    if len(named) != 1 or not parcel.number:
        return
    (carrier,) = named
    current = registry.BY_NAME.get(parcel.carrier)
    if current and carrier.code in {current.code, current.group}:
        _settle(parcel, actor=actor, reason="confirmed by the carrier's event", now=now)
        return
    if Parcel.objects.filter(carrier=carrier.name, number=parcel.number).exists():
        parcel.update_columns(carrier_finding=Finding.OTHER_CARRIER)
        return
    _record(parcel, "carrier", carrier.name, actor=actor, reason="reported by the carrier", now=now)
    parcel.update_columns(
        carrier=carrier.name,
        carrier_finding=Finding.NONE,
        tracking_url=tracking_url(
            carrier,
            parcel.number,
            country=country,
            language=order.locale,
            offered=parcel.tracking_url,
        ),
    )


@transaction.atomic(durable=True)
def keep_carrier(*, parcel: Parcel, actor: str, now: datetime) -> None:
    """Keep carrier and number although they contradict; staff have checked them.

    Locks:  as ``tracking.lock_purchase_order``
    Raises: ConcurrentUpdateError  the finding is settled already
    """
    tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
    parcel.refresh_from_db()
    if not parcel.carrier_finding:
        raise ConcurrentUpdateError(
            gettext("The carrier of this parcel is already confirmed. Reload the page.")
        )
    _settle(parcel, actor=actor, reason=KEPT_BY_STAFF, now=now)


@transaction.atomic
def restore_finding(*, parcel: Parcel, actor: str, now: datetime) -> None:
    """Undo ``keep_carrier``: the carrier is to be checked again. The caller may log it with it.

    Locks:  as ``tracking.lock_purchase_order``
    Raises: ConcurrentUpdateError  the carrier is uncertain already, or changed since
    """
    tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
    parcel.refresh_from_db()
    changes = StatusChange.objects.filter(
        subject=Parcel._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id=parcel.pk,
        status_field__in=("carrier", "carrier_finding"),
    )
    last = changes.order_by("pk").last()
    if parcel.carrier_finding or last is None or last.reason != KEPT_BY_STAFF:
        raise ConcurrentUpdateError(gettext("The carrier has changed since. Reload the page."))
    finding = last.from_status
    _record(parcel, "carrier_finding", finding, actor=actor, reason="decision undone", now=now)
    parcel.update_columns(carrier_finding=finding)


@requires_transaction
def _settle(parcel: Parcel, *, actor: str, reason: str, now: datetime) -> None:
    if parcel.carrier_finding:
        _record(parcel, "carrier_finding", Finding.NONE, actor=actor, reason=reason, now=now)
        parcel.update_columns(carrier_finding=Finding.NONE)


@requires_transaction
def _record(  # noqa: PLR0913 - the parts of one record
    parcel: Parcel, field: str, to: str, *, actor: str, reason: str, now: datetime
) -> None:
    StatusChange.objects.create(
        subject=Parcel._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id=parcel.pk,
        status_field=field,
        from_status=getattr(parcel, field)[:30],
        to_status=to[:30],
        at=now,
        actor=actor[:100],
        reason=reason,
    )
