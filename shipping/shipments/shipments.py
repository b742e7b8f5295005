"""Shipments: create and update parcels from a supplier's messages, each parcel once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from orders.models import PurchaseOrder
from shipping.carriers import numbers
from shipping.models import Parcel, Shipment
from shipping.shipments import contents, corrections, fulfillment, tracking
from shipping.shipments.identities import Identity, identity_without_number, recognize_parcel
from shipping.shipments.statuses import TrackingUpdate, from_text
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport, ShipmentNotice

WHOLE_ORDER_ANSWERS = frozenset({Acknowledgement.SHIPPED, Acknowledgement.DELIVERED})
SHIPPED_ANSWERS = WHOLE_ORDER_ANSWERS | {Acknowledgement.PARTIALLY_SHIPPED}
SHIPPABLE = frozenset(
    {
        PurchaseOrder.Status.IN_PROGRESS,
        PurchaseOrder.Status.PARTIALLY_SHIPPED,
        PurchaseOrder.Status.SHIPPED,
        PurchaseOrder.Status.CLOSED,
    }
)


class NotShippableError(Exception):
    """Nothing can be shipped for this purchase order now. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    parcels: tuple[Parcel, ...]
    problems: tuple[str, ...]


@transaction.atomic(durable=True)
def import_parcels(
    *, purchase_order: PurchaseOrder, state: PurchaseOrderReport, now: datetime
) -> ImportResult:
    """Apply what a supplier reports about its parcels, by webhook or poll, in any order.

    A parcel is identified by carrier and number, so a repeated report creates no second one. A
    rejected parcel is skipped and its reason saved on the purchase order for staff. An order
    reported as shipped without parcels gets one parcel without a number; a parcel that is reported
    later is matched to it.
    Locks:  the order, then the purchase order, the allocations and the stock rows
    Raises: NotShippableError  the report is about another order, or this order cannot ship now
    """
    if state.number != purchase_order.number:
        raise NotShippableError(f"{state.number} is not {purchase_order.number}")
    if not state.parcels and state.answer not in SHIPPED_ANSWERS:
        return ImportResult(parcels=(), problems=())
    locked = tracking.lock_purchase_order(purchase_order.pk)
    if locked.status not in SHIPPABLE:
        raise NotShippableError(f"{locked} is {locked.status}, so no shipment is expected")
    shipment, _ = Shipment.objects.get_or_create(
        purchase_order=locked, defaults={"created_at": now}
    )
    parcel_import = _ParcelImport(shipment=shipment, purchase_order=locked, state=state, now=now)
    parcel_import.run()
    if state.answer == Acknowledgement.DELIVERED:
        _mark_all_delivered(shipment, locked, state, now)
    if parcel_import.problems:
        PurchaseOrder.objects.filter(pk=locked.pk).update(
            problem="; ".join(parcel_import.problems)[:300]
        )
    purchase_order.refresh_from_db()
    return ImportResult(
        parcels=tuple(parcel_import.parcels), problems=tuple(parcel_import.problems)
    )


class _RejectedParcelError(Exception):
    """The parcel cannot belong to this order."""


@dataclass(kw_only=True)
class _ParcelImport:
    shipment: Shipment
    purchase_order: PurchaseOrder
    state: PurchaseOrderReport
    now: datetime
    parcels: list[Parcel] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        reported: list[tuple[Parcel, ShipmentNotice]] = []
        # Reports with a number come first; those without are matched to the other parcels.
        for notice in sorted(self.state.parcels, key=lambda notice: not notice.number.strip()):
            try:
                parcel = self._parcel(notice)
            except (
                numbers.InvalidTrackingNumberError,
                contents.NotOrderedError,
                _RejectedParcelError,
            ) as error:
                self.problems.append(str(error))
                continue
            if parcel is not None:
                self.parcels.append(parcel)
                reported.append((parcel, notice))
        self._assign_remaining()
        label_only = {parcel.pk for parcel, notice in reported if _is_label_only(notice)}
        for parcel in self.parcels if self.state.answer in SHIPPED_ANSWERS else ():
            # A voided label ships only if the carrier scans it.
            if parcel.pk not in label_only and parcel.status != Parcel.Status.VOIDED:
                fulfillment.mark_shipped(
                    parcel=parcel, purchase_order=self.purchase_order, now=self.now
                )
            fulfillment.notify_once(parcel=parcel, purchase_order=self.purchase_order, now=self.now)
        for parcel, notice in reported:
            corrections.record_last_mile(
                parcel=parcel,
                purchase_order=self.purchase_order,
                carrier=notice.last_mile_carrier,
                number=notice.last_mile_number,
                now=self.now,
            )
            if update := _carrier_update(notice):
                tracking.apply_locked(
                    parcel=parcel,
                    purchase_order=self.purchase_order,
                    number=numbers.normalize_number(notice.number) if notice.number.strip() else "",
                    updates=[update],
                    now=self.now,
                )

    def _parcel(self, notice: ShipmentNotice) -> Parcel | None:
        """Return the reported parcel, created if new; None if it has no number and no units."""
        units = contents.stated_contents(self.purchase_order, notice)
        number = numbers.normalize_number(notice.number) if notice.number.strip() else ""
        if not number:
            return self._parcel_without_number(notice, units)
        # Within one shipment the number is enough: a supplier's carrier names vary between
        # messages.
        if known := self._known(number, units) or self._renamed(notice, number):
            self._add_late_contents(known, units)
            return known
        identity = self._identity(notice, number)
        for unnumbered in self._others(number=""):
            current = contents.get_contents(unnumbered)
            is_part_of_it = bool(units) and units < current
            if is_part_of_it and unnumbered.resolution != Parcel.Resolution.OPEN:
                continue  # its units are refunded or replaced as a whole
            if is_part_of_it:
                return self._split_off(unnumbered, units, current, identity)
            if units == current or self._can_be(unnumbered, units):
                Parcel.objects.filter(pk=unnumbered.pk).update(**identity)
                unnumbered.refresh_from_db()
                self._add_late_contents(unnumbered, units)
                return unnumbered
        return self._create(notice, units, identity)

    def _known(self, number: str, units: Counter[int]) -> Parcel | None:
        """Return the parcel with this number; or with this former number, unless it is another."""
        parcels = self.shipment.parcels.order_by("-pk")
        if known := parcels.filter(number=number).first():
            return known
        former = parcels.filter(corrections__former_number=number).first()
        if former is None or (
            contents.remaining_units(self.purchase_order)
            and not (units and units <= contents.get_contents(former))
        ):
            return None
        return former

    def _renamed(self, notice: ShipmentNotice, number: str) -> Parcel | None:
        """Give a parcel the number that the supplier states instead of a former one."""
        if not notice.replaces_number.strip():
            return None
        former_number = numbers.normalize_number(notice.replaces_number)
        parcel = self.shipment.parcels.filter(number=former_number).first()
        if parcel is None:
            return None
        try:
            corrections.change_number(
                parcel=parcel,
                purchase_order=self.purchase_order,
                carrier=notice.carrier or parcel.carrier,
                number=number,
                offered_url=notice.url,
                actor=f"supplier {self.purchase_order.supplier.code}",
                reason="changed by the supplier",
                now=self.now,
            )
        except corrections.CannotCorrectError as error:
            raise _RejectedParcelError(str(error)) from error
        return parcel

    def _parcel_without_number(self, notice: ShipmentNotice, units: Counter[int]) -> Parcel | None:
        """Match a report without a number to a parcel, also to one with a number, or create one."""
        for parcel in self._others():
            is_unidentified = parcel.is_content_unknown and not parcel.number
            if not units or units <= contents.get_contents(parcel) or is_unidentified:
                self._add_late_contents(parcel, units)
                return parcel
        remaining = contents.remaining_units(self.purchase_order)
        if not remaining or (units and not units & remaining):
            return None
        return self._create(notice, units, identity_without_number(notice.carrier))

    def _others(self, **filters: Any) -> Iterator[Parcel]:
        """Yield the parcels of the shipment that this message has not named yet."""
        parcels = self.shipment.parcels.filter(**filters).exclude(status=Parcel.Status.VOIDED)
        yield from parcels.exclude(pk__in=[one.pk for one in self.parcels]).order_by("pk")

    def _can_be(self, parcel: Parcel, units: Counter[int]) -> bool:
        """Return whether a parcel without a number can be the one reported with a number."""
        if parcel.is_content_unknown:
            return not contents.get_contents(parcel) or not units
        return not units and not contents.remaining_units(self.purchase_order)

    def _identity(self, notice: ShipmentNotice, number: str) -> Identity:
        identity = recognize_parcel(
            order=self.purchase_order.order,
            number=number,
            wording=notice.carrier,
            offered_url=notice.url,
        )
        supplier_id = self.purchase_order.supplier_id
        same_number = Parcel.objects.filter(
            Q(carrier=identity["carrier"]) | Q(shipment__purchase_order__supplier_id=supplier_id),
            number=number,
        )
        if other := same_number.select_related("shipment__purchase_order").first():
            raise _RejectedParcelError(f"{other} belongs to {other.shipment.purchase_order}")
        return identity

    def _create(self, notice: ShipmentNotice, units: Counter[int], identity: Identity) -> Parcel:
        """Create a parcel with at most the remaining units, so that none ships twice."""
        remaining = contents.remaining_units(self.purchase_order)
        parcel = self._insert(identity, is_content_unknown=bool(remaining) and not notice.lines)
        contents.set_contents(parcel, units & remaining)
        return parcel

    def _insert(self, identity: Identity, *, is_content_unknown: bool = False) -> Parcel:
        return Parcel.objects.create(
            shipment=self.shipment,
            status=Parcel.Status.LABEL_CREATED,
            status_since=self.now,
            label_created_at=self.now,
            is_content_unknown=is_content_unknown,
            **identity,
        )

    def _split_off(
        self, parent: Parcel, units: Counter[int], current: Counter[int], identity: Identity
    ) -> Parcel:
        """Move units of a parcel without a number to a new parcel; they are not counted again."""
        parcel = self._insert(identity)
        contents.replace_contents(parent, current - units)
        contents.set_contents(parcel, units)
        reason = "shipped before its tracking number was known"
        if parent.has_left:
            parcel.move(Parcel.Status.SHIPPED, at=self.now, reason=reason)
        if parent.status in {Parcel.Status.DELIVERED, *Parcel.UNDELIVERABLE}:
            parcel.move(parent.status, at=self.now, reason=reason)
        return parcel

    def _add_late_contents(self, parcel: Parcel, units: Counter[int]) -> None:
        if not parcel.is_content_unknown or not units or contents.get_contents(parcel):
            return
        self._fill(parcel, units & contents.remaining_units(self.purchase_order))
        self._mark_contents_known(parcel)

    def _assign_remaining(self) -> None:
        """Assign the units that no message named, if their parcel can be inferred."""
        remaining = contents.remaining_units(self.purchase_order)
        notices = self.state.parcels
        is_complete = self.state.answer in WHOLE_ORDER_ANSWERS and not (
            notices and all(one.lines for one in notices)
        )
        if not remaining or self.problems:
            return
        parcel = contents.infer_parcel(self.shipment, remaining, is_complete=is_complete)
        if parcel is None and is_complete:
            parcel = self._insert(identity_without_number(""))
        if parcel is None:
            return
        # Use the instance that this message updates.
        parcel = next((one for one in self.parcels if one.pk == parcel.pk), parcel)
        self._fill(parcel, remaining)
        if self.shipment.parcels.filter(is_content_unknown=True).count() == 1:
            self._mark_contents_known(parcel)
        if parcel not in self.parcels and is_complete:
            self.parcels.append(parcel)

    def _fill(self, parcel: Parcel, units: Counter[int]) -> None:
        fulfillment.add_contents(
            parcel=parcel, purchase_order=self.purchase_order, units=units, now=self.now
        )

    @staticmethod
    def _mark_contents_known(parcel: Parcel) -> None:
        Parcel.objects.filter(pk=parcel.pk).update(is_content_unknown=False)
        parcel.is_content_unknown = False


def _carrier_update(notice: ShipmentNotice) -> TrackingUpdate | None:
    if not notice.carrier_text:
        return None
    return TrackingUpdate(
        status=from_text(notice.carrier_text),
        text=notice.carrier_text,
        happened_at=notice.happened_at,
    )


def _is_label_only(notice: ShipmentNotice) -> bool:
    """Return whether the carrier only knows the label, whatever the supplier says of the order."""
    return from_text(notice.carrier_text) == Parcel.CarrierStatus.PRE_TRANSIT


def _mark_all_delivered(
    shipment: Shipment, purchase_order: PurchaseOrder, state: PurchaseOrderReport, now: datetime
) -> None:
    """Mark every other parcel delivered, as the supplier states for the whole order."""
    times = [notice.happened_at for notice in state.parcels if notice.happened_at]
    update = TrackingUpdate(
        status="delivered",
        happened_at=max(times, default=None),
        external_id="supplier:delivered",
    )
    # Staff may have marked a parcel lost that its carrier reported as delivered: it stays so.
    undelivered = shipment.parcels.exclude(
        Q(status=Parcel.Status.VOIDED) | Q(carrier_status=Parcel.CarrierStatus.DELIVERED)
    )
    for parcel in undelivered.order_by("pk"):
        tracking.apply_locked(
            parcel=parcel, purchase_order=purchase_order, updates=[update], now=now
        )
