"""Shipment models: store shipments, parcels, their contents, corrections and tracking events."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Reverse
from django.utils.translation import gettext_lazy as _

from orders.models import OrderLine, PurchaseOrder, ReturnAuthorization
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import protected_key
from storefront.lib.state_machine import Stateful


class Shipment(models.Model):
    purchase_order = models.OneToOneField(
        PurchaseOrder, models.PROTECT, related_name="shipment", verbose_name=_("Purchase order")
    )
    created_at = models.DateTimeField(_("Created"))

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")

    def __str__(self) -> str:
        return f"shipment of {self.purchase_order_id}"


class Parcel(Stateful):
    """One parcel. ``status`` is ours; ``carrier_status`` only records what the carrier reports.

    ``number`` is empty while the supplier reports a shipment without tracking. The last-mile
    carrier and number are those of the carrier that delivers, if it is another one.
    ``resolution`` is what was done about a lost or returned parcel, ``settlement`` the refund or
    replacement of its units.
    ``is_content_unknown`` is true while the supplier has not stated the contents and some units of
    the purchase order are in no parcel, so that they may be in this one.
    """

    class Status(models.TextChoices):
        LABEL_CREATED = "label_created", _("Label created")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        LOST = "lost", _("Lost")
        RETURNED = "returned", _("Returned to sender")
        VOIDED = "voided", _("Voided")

    class CarrierFinding(models.TextChoices):
        """What is contradictory or uncertain about the carrier, until an event of it settles that."""

        NONE = "", _("No problem")
        UNDECIDED = "undecided", _("Carrier not certain")
        CHECK_DIGIT = "check_digit", _("Check digit is wrong")
        OTHER_CARRIER = "other_carrier", _("Number of another carrier")

    class Resolution(models.TextChoices):
        OPEN = "open", _("Open")
        REFUNDED = "refunded", _("Refunded")
        REPLACED = "replaced", _("Replaced")
        CLOSED = "closed", _("Closed")

    class CarrierStatus(models.TextChoices):
        """The carrier's status; ``statuses.RANK`` decides between updates of the same time."""

        UNKNOWN = "unknown", _("No tracking updates")
        PRE_TRANSIT = "pre_transit", _("Label created")
        IN_TRANSIT = "in_transit", _("In transit")
        OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
        AVAILABLE_FOR_PICKUP = "available_for_pickup", _("Ready for pickup")
        ATTEMPT_FAILED = "attempt_failed", _("Delivery attempt failed")
        DELIVERED = "delivered", _("Delivered")
        EXCEPTION = "exception", _("Delivery exception")
        RETURN_TO_SENDER = "return_to_sender", _("Returning to sender")
        LOST = "lost", _("Lost")
        EXPIRED = "expired", _("Tracking stopped")

    # Its units have shipped.
    LEFT: ClassVar = frozenset({Status.SHIPPED, Status.DELIVERED, Status.LOST, Status.RETURNED})
    UNDELIVERABLE: ClassVar = frozenset({Status.LOST, Status.RETURNED})
    TRANSITIONS: ClassVar = {
        Status.LABEL_CREATED: frozenset({Status.SHIPPED, Status.VOIDED}),
        Status.SHIPPED: frozenset({Status.DELIVERED, Status.LOST, Status.RETURNED}),
        # ``SHIPPED``: the delivery was that of a wrong tracking number. ``LOST``, ``RETURNED``:
        # the customer did not receive it, although the carrier reports a delivery.
        Status.DELIVERED: frozenset({Status.SHIPPED, Status.LOST, Status.RETURNED}),
        Status.LOST: frozenset({Status.DELIVERED, Status.RETURNED}),  # it was found
        Status.RETURNED: frozenset({Status.DELIVERED}),
        Status.VOIDED: frozenset({Status.LABEL_CREATED}),
    }
    RESOLUTION_TRANSITIONS: ClassVar = {
        Resolution.OPEN: frozenset({Resolution.REFUNDED, Resolution.REPLACED, Resolution.CLOSED}),
        # It arrived after all.
        Resolution.REFUNDED: frozenset({Resolution.CLOSED}),
        Resolution.REPLACED: frozenset({Resolution.CLOSED}),
        Resolution.CLOSED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS, "resolution": RESOLUTION_TRANSITIONS}
    UNDERWAY: ClassVar = (Status.LABEL_CREATED, Status.SHIPPED)

    shipment = protected_key(Shipment, "parcels", _("Shipment"))
    carrier = models.CharField(_("Carrier"), max_length=60)
    carrier_finding = models.CharField(
        _("Carrier check"),
        max_length=13,
        choices=CarrierFinding,
        blank=True,
        default=CarrierFinding.NONE,
        db_default=CarrierFinding.NONE,
    )
    number = models.CharField(_("Tracking number"), max_length=60, blank=True)
    tracking_url = models.CharField(_("Tracking link"), max_length=300, blank=True)
    last_mile_carrier = models.CharField(
        _("Last-mile carrier"), max_length=60, blank=True, default="", db_default=""
    )
    last_mile_number = models.CharField(
        _("Last-mile tracking number"), max_length=60, blank=True, default="", db_default=""
    )
    last_mile_url = models.CharField(
        _("Last-mile tracking link"), max_length=300, blank=True, default="", db_default=""
    )
    status = models.CharField(
        _("Status"), max_length=16, choices=Status, default=Status.LABEL_CREATED
    )
    status_since = models.DateTimeField(_("Status since"))
    carrier_status = models.CharField(
        _("Carrier status"),
        max_length=22,
        choices=CarrierStatus,
        default=CarrierStatus.PRE_TRANSIT,
    )
    carrier_status_at = models.DateTimeField(_("Carrier status at"), null=True, blank=True)
    label_created_at = models.DateTimeField(_("Label created"))
    is_content_unknown = models.BooleanField(_("Contents unknown"), default=False)
    resolution = models.CharField(
        _("Resolution"),
        max_length=10,
        choices=Resolution,
        default=Resolution.OPEN,
        db_default=Resolution.OPEN,
    )
    resolution_since = models.DateTimeField(_("Resolution since"), null=True, blank=True)
    settlement = models.OneToOneField(
        ReturnAuthorization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parcel",
        verbose_name=_("Refund or replacement"),
    )

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "number"], condition=~Q(number=""), name="parcel_unique_number"
            ),
            check(
                "parcel_resolved_after_loss",
                Q(resolution="open", settlement=None)
                | Q(resolution="closed", status__in=["lost", "returned", "delivered"])
                | Q(
                    resolution__in=["refunded", "replaced"],
                    settlement__isnull=False,
                    status__in=["lost", "returned", "delivered"],
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["number"], opclasses=["varchar_pattern_ops"], name="parcel_by_number"
            ),
            # Customers read the end of a number to staff.
            models.Index(
                OpClass(Reverse("number"), "text_pattern_ops"),
                condition=~Q(number=""),
                name="parcel_by_end_of_number",
            ),
            models.Index(
                OpClass(Reverse("last_mile_number"), "text_pattern_ops"),
                condition=~Q(last_mile_number=""),
                name="parcel_by_end_of_last_mile",
            ),
            models.Index(
                fields=["label_created_at"],
                condition=Q(status__in=["label_created", "shipped"]) & ~Q(number=""),
                name="parcel_underway_by_age",
            ),
            models.Index(
                fields=["last_mile_number"],
                opclasses=["varchar_pattern_ops"],
                condition=~Q(last_mile_number=""),
                name="parcel_by_last_mile_number",
            ),
            models.Index(
                fields=["carrier_status"],
                condition=Q(status__in=["label_created", "shipped"]),
                name="parcel_underway_by_status",
            ),
            models.Index(
                fields=["status_since"],
                condition=Q(status="delivered"),
                name="parcel_delivered_by_time",
            ),
            models.Index(
                fields=["status_since"],
                condition=Q(status__in=["lost", "returned"], resolution="open"),
                name="parcel_unresolved",
            ),
            models.Index(
                fields=["status_since"],
                condition=Q(status="delivered", resolution__in=["refunded", "replaced"]),
                name="parcel_found",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.number or 'without a number'}"

    def update_columns(self, **values: Any) -> None:
        """Write these columns, in the row and in this instance, and no other."""
        Parcel.objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)

    @property
    def has_left(self) -> bool:
        """Return whether its units count as shipped."""
        return self.status in self.LEFT

    @property
    def current_numbers(self) -> set[str]:
        """Return the tracking numbers whose events count; "" is of events without a number."""
        return {"", self.number, self.last_mile_number}

    @property
    def is_undeliverable(self) -> bool:
        """Return whether it is lost or returned, and nothing was done about it yet."""
        return self.status in self.UNDELIVERABLE and self.resolution == self.Resolution.OPEN


class ParcelCorrection(models.Model):
    """A change of a parcel's tracking number or contents: who, when, why. Append-only."""

    class Kind(models.TextChoices):
        TRACKING = "tracking", _("Tracking number")
        LAST_MILE = "last_mile", _("Last-mile tracking number")
        CONTENTS = "contents", _("Contents")

    parcel = protected_key(Parcel, "corrections", _("Parcel"))
    kind = models.CharField(_("Type"), max_length=10, choices=Kind)
    before = models.CharField(_("Before"), max_length=300, blank=True)
    after = models.CharField(_("After"), max_length=300, blank=True)
    # the tracking number that was replaced
    former_number = models.CharField(_("Former number"), max_length=60, blank=True)
    corrected_at = models.DateTimeField(_("When"))
    actor = models.CharField(_("User"), max_length=100)
    reason = models.CharField(_("Reason"), max_length=300)

    class Meta:
        verbose_name = _("parcel correction")
        verbose_name_plural = _("parcel corrections")
        indexes = [
            models.Index(
                fields=["former_number"],
                opclasses=["varchar_pattern_ops"],
                condition=~Q(former_number=""),
                name="correction_by_former_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.parcel_id}"


class ParcelLine(models.Model):
    """The units of an order line in a parcel."""

    parcel = protected_key(Parcel, "lines", _("Parcel"), db_index=False)
    order_line = protected_key(OrderLine, "parcel_lines", _("Order line"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))

    class Meta:
        verbose_name = _("parcel line")
        verbose_name_plural = _("parcel lines")
        constraints = [
            models.UniqueConstraint(fields=["parcel", "order_line"], name="parcel_line_unique"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="parcel_line_has_units"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"


class TrackingEvent(models.Model):
    """One tracking update of a parcel, as received. Append-only.

    ``number`` is the tracking number it is about; empty: the parcel, whatever its number. Not every
    event counts: see ``shipments.event_sources``.
    """

    class Source(models.TextChoices):
        SUPPLIER = "supplier", _("Supplier")
        PROVIDER = "provider", _("Tracking provider")

    parcel = protected_key(Parcel, "tracking_events", _("Parcel"), db_index=False)
    source = models.CharField(_("Source"), max_length=10, choices=Source, default=Source.SUPPLIER)
    number = models.CharField(
        _("Tracking number"), max_length=60, blank=True, default="", db_default=""
    )
    external_id = models.CharField(_("Carrier event ID"), max_length=120)
    carrier_status = models.CharField(
        _("Carrier status"), max_length=22, choices=Parcel.CarrierStatus
    )
    description = models.CharField(_("Carrier description"), max_length=300, blank=True)
    place = models.CharField(_("Place"), max_length=120, blank=True)
    # null: the carrier gave no time
    happened_at = models.DateTimeField(_("Time"), null=True, blank=True)
    received_at = models.DateTimeField(_("Received"))

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        constraints = [
            models.UniqueConstraint(
                fields=["parcel", "number", "external_id"], name="tracking_event_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=Q(source="supplier"),
                name="tracking_event_from_supplier",
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier_status} of {self.parcel_id}"
