"""Purchasing models: store purchase orders, supplier messages, decisions and erasure requests.

``CanceledShipmentDecision`` is the staff decision on a canceled purchase order that the supplier
has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from orders.models.order import Order, OrderLine
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful
from suppliers.models import StockLevel, StockLocation, Supplier, SupplierOffer


class PurchaseOrder(Stateful):
    """One order to one supplier and location, with two status fields: work and submission.

    ``number`` is our reference at the supplier and is stored before any call. If the answer is
    lost, the state is ``submit_unknown``: the order is looked up before anything is sent again.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        READY = "ready", _("Ready")
        ON_HOLD = "on_hold", _("On hold")
        IN_PROGRESS = "in_progress", _("In progress")
        PARTIALLY_SHIPPED = "partially_shipped", _("Partially shipped")
        SHIPPED = "shipped", _("Shipped")
        CLOSED = "closed", _("Closed")
        CANCELED = "canceled", _("Canceled")

    class Submission(models.TextChoices):
        UNSUBMITTED = "unsubmitted", _("Not submitted")
        SUBMITTING = "submitting", _("Submitting")
        SUBMITTED = "submitted", _("Submitted")
        # the supplier certainly does not have it: may be resubmitted
        SUBMIT_FAILED = "submit_failed", _("Submission failed")
        SUBMIT_UNKNOWN = "submit_unknown", _("Submission unconfirmed")
        ACCEPTED = "accepted", _("Accepted")
        PARTIALLY_ACCEPTED = "partially_accepted", _("Partially accepted")
        BACKORDERED = "backordered", _("Backordered")
        REJECTED = "rejected", _("Rejected")
        CANCELLATION_REQUESTED = "cancellation_requested", _("Cancellation requested")
        CANCELLATION_ACCEPTED = "cancellation_accepted", _("Cancellation accepted")
        CANCELLATION_REJECTED = "cancellation_rejected", _("Cancellation rejected")

    class RequestChannel(models.TextChoices):
        """How the supplier learns of a request without an API: by e-mail, or from staff."""

        EMAIL = "email", _("By e-mail")
        STAFF = "staff", _("By staff")

    # Not submitted; no work begun; still cancelable.
    UNSUBMITTED_STATES: ClassVar = frozenset({Submission.UNSUBMITTED, Submission.SUBMIT_FAILED})
    NOT_STARTED: ClassVar = frozenset({Status.DRAFT, Status.READY, Status.ON_HOLD})
    CANCELABLE: ClassVar = frozenset({Status.READY, Status.IN_PROGRESS})

    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.READY, Status.ON_HOLD, Status.CANCELED}),
        Status.READY: frozenset({Status.IN_PROGRESS, Status.ON_HOLD, Status.CANCELED}),
        Status.ON_HOLD: frozenset({Status.READY, Status.CANCELED}),
        Status.IN_PROGRESS: frozenset({Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.CANCELED}),
        Status.PARTIALLY_SHIPPED: frozenset({Status.SHIPPED}),
        Status.SHIPPED: frozenset({Status.CLOSED}),
        Status.CLOSED: frozenset(),
        Status.CANCELED: frozenset(),
    }
    SUBMISSION: ClassVar = {
        Submission.UNSUBMITTED: frozenset({Submission.SUBMITTING}),
        Submission.SUBMITTING: frozenset(
            {
                Submission.SUBMITTED,
                Submission.ACCEPTED,
                Submission.PARTIALLY_ACCEPTED,
                Submission.BACKORDERED,
                Submission.REJECTED,
                Submission.SUBMIT_FAILED,
                Submission.SUBMIT_UNKNOWN,
            }
        ),
        Submission.SUBMIT_FAILED: frozenset(
            {
                Submission.SUBMITTING,
                Submission.SUBMITTED,  # a late acceptance: the supplier has it
                Submission.ACCEPTED,
                Submission.PARTIALLY_ACCEPTED,
            }
        ),
        Submission.SUBMIT_UNKNOWN: frozenset(
            {
                Submission.SUBMITTED,
                Submission.ACCEPTED,
                Submission.PARTIALLY_ACCEPTED,
                Submission.BACKORDERED,
                Submission.REJECTED,
                Submission.SUBMIT_FAILED,  # proven absent
            }
        ),
        Submission.SUBMITTED: frozenset(
            {
                Submission.ACCEPTED,
                Submission.PARTIALLY_ACCEPTED,
                Submission.BACKORDERED,
                Submission.REJECTED,
                Submission.CANCELLATION_REQUESTED,
            }
        ),
        Submission.ACCEPTED: frozenset(
            {Submission.PARTIALLY_ACCEPTED, Submission.CANCELLATION_REQUESTED, Submission.REJECTED}
        ),
        Submission.PARTIALLY_ACCEPTED: frozenset(
            {Submission.CANCELLATION_REQUESTED, Submission.REJECTED}
        ),
        Submission.BACKORDERED: frozenset(
            {
                Submission.ACCEPTED,
                Submission.PARTIALLY_ACCEPTED,
                Submission.REJECTED,
                Submission.CANCELLATION_REQUESTED,
            }
        ),
        Submission.REJECTED: frozenset(),
        Submission.CANCELLATION_REQUESTED: frozenset(
            {
                Submission.CANCELLATION_ACCEPTED,
                Submission.CANCELLATION_REJECTED,
                Submission.REJECTED,
            }
        ),
        Submission.CANCELLATION_ACCEPTED: frozenset(),
        Submission.CANCELLATION_REJECTED: frozenset(
            # staff asked, and the supplier canceled it
            {Submission.CANCELLATION_REQUESTED, Submission.REJECTED}
        ),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS, "submission_status": SUBMISSION}

    order = models.ForeignKey(Order, models.PROTECT, related_name="purchase_orders")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="purchase_orders")
    location = models.ForeignKey(StockLocation, models.PROTECT, related_name="purchase_orders")
    number = models.CharField(max_length=30, unique=True)
    # Part of the URL of the supplier's page (``orders.links``); a new key disables the old link.
    access_key = models.CharField(max_length=43, blank=True)
    supplier_reference = models.CharField(max_length=60, blank=True)
    service_code = models.CharField(max_length=40)
    carrier_service = models.CharField(max_length=50)  # the supplier's name of the delivery service
    currency = models.CharField(max_length=3)
    customer_charge_amount = models.DecimalField(
        max_digits=12, decimal_places=2
    )  # what the customer pays for it
    # Our IOSS number, if it applies to this parcel.
    ioss_number = models.CharField(max_length=30, blank=True, db_default="")
    # Shipping cost reported by the supplier; None: not reported.
    freight_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    freight_currency = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField()
    submission_status = models.CharField(
        max_length=25, choices=Submission, default=Submission.UNSUBMITTED
    )
    submission_status_since = models.DateTimeField()
    hold_reasons = models.JSONField(default=list, blank=True)
    waived_reasons = models.JSONField(default=list, blank=True)  # hold reasons that staff waived
    problem = models.CharField(max_length=300, blank=True)
    # A cancellation request that waits: it is unknown whether the supplier has the order.
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    # Set if no API takes the cancellation request; the supplier then answers later.
    cancellation_channel = models.CharField(
        max_length=10, choices=RequestChannel, blank=True, default="", db_default=""
    )
    # The cancellation is for reassignment: another source is sought for what is canceled.
    is_being_reassigned = models.BooleanField(default=False, db_default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Failed attempts that are retried, without calls blocked by our circuit breaker.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # Batched submission: until then it can be canceled free of charge
    # (``suppliers.profile.order_schedule``). Empty: submitted at once.
    submit_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    # Number of routing rounds: rejected lines are routed again.
    round = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Delivery address, if it differs from that of the order.
    ship_to = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )
    # Planned parcel after rerouting; empty if ``Order.delivery_plan`` has it.
    way = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "supplier", "location", "round"],
                condition=~Q(status="canceled"),
                name="purchase_order_once_per_supplier_location",
            ),
            models.UniqueConstraint(
                fields=["supplier", "supplier_reference"],
                condition=~Q(supplier_reference=""),
                name="purchase_order_once_per_reference",
            ),
            models.CheckConstraint(
                condition=Q(freight_amount__isnull=True)
                | Q(freight_amount__gte=0) & ~Q(freight_currency=""),
                name="purchase_order_freight_has_currency",
            ),
        ]
        indexes = [
            models.Index(fields=["submission_status", "retry_at"], name="purchase_order_to_send"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def charge(self) -> Money:
        return Money(self.customer_charge_amount, self.currency)

    @property
    def goes_to(self) -> dict[str, str]:
        """Return the delivery address, as the parts of an Address."""
        there: dict[str, str] = self.ship_to or self.order.ship_to
        return there

    @property
    def entry(self) -> Mapping[str, Any]:
        """Return the planned parcel as quoted: its own, or that of the order's plan."""
        way: Mapping[str, Any] = self.way
        if way:
            return way
        plan: list[Mapping[str, Any]] = self.order.delivery_plan
        return next((each for each in plan if each["location_id"] == self.location_id), {})


class PurchaseLine(models.Model):
    """One order line in one active purchase order, and the stock it is taken from.

    ``offer`` and ``level`` are those of the order line, unless it was rerouted.
    """

    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="purchase_lines")
    quantity = models.PositiveSmallIntegerField()
    offer = models.ForeignKey(SupplierOffer, models.PROTECT, related_name="purchase_lines")
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="purchase_lines")
    agreed_cost_amount = models.DecimalField(max_digits=12, decimal_places=2)  # per unit
    cost_currency = models.CharField(max_length=3)
    acknowledgment = models.CharField(max_length=25, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line"],
                condition=Q(is_active=True),
                name="order_line_in_one_active_purchase_order",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="purchase_line_has_units"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"

    @property
    def bought(self) -> Variant:
        """Return what is shipped: the variant sold, or the substitute that was accepted."""
        return self.offer.variant or self.order_line.variant

    @property
    def sku(self) -> str:
        """Return the SKU of what is shipped; for the variant sold, as of the sale."""
        variant = self.bought
        return self.order_line.sku if variant.pk == self.order_line.variant_id else variant.sku

    @property
    def title(self) -> str:
        """Return the title of what is shipped; for the variant sold, as of the sale."""
        if self.bought.pk == self.order_line.variant_id:
            return self.order_line.title
        return self.bought.full_title


class PurchaseMessage(models.Model):
    """One message to or from the supplier, verbatim. Append-only."""

    class Direction(models.TextChoices):
        OUT = "out", _("Outgoing")
        IN = "in", _("Incoming")

    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="messages")
    direction = models.CharField(max_length=3, choices=Direction)
    kind = models.CharField(max_length=30)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.direction} {self.kind} of {self.purchase_order_id}"


class CanceledShipmentDecision(models.Model):
    """How a canceled purchase order that the supplier has ends: why, who decided, when.

    Append-only; the newest row counts. ``was_shipped`` is the state at the decision: a later
    shipment needs a new decision.
    """

    class Outcome(models.TextChoices):
        NOT_SHIPPED = "not_shipped", _("Supplier will not ship")
        RETURNED = "returned", _("Returned by the customer")
        KEPT_PAID = "kept_paid", _("Kept and paid by the customer")
        CLAIMED = "claimed", _("Claimed from the supplier")
        NOT_CHARGED = "not_charged", _("Not charged by the supplier")
        WRITTEN_OFF = "written_off", _("Written off")

    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=20, choices=Outcome)
    reason = models.CharField(max_length=200)
    was_shipped = models.BooleanField()
    decided_by = models.CharField(max_length=100)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(was_shipped=False, outcome="not_shipped")
                | Q(was_shipped=True) & ~Q(outcome="not_shipped"),
                name="canceled_shipment_outcome_matches",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(decided_by=""),
                name="canceled_shipment_has_author_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of purchase order {self.purchase_order_id}"


class ErasureRequest(models.Model):
    """A request to erase an address that a supplier still keeps.

    Staff ask the supplier and record it.
    """

    purchase_order = models.OneToOneField(
        PurchaseOrder, models.PROTECT, related_name="erasure_request"
    )
    since = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_at=None, asked_by="")
                | (Q(asked_at__isnull=False) & ~Q(asked_by="")),
                name="erasure_request_has_author",
            ),
        ]

    def __str__(self) -> str:
        return f"address of {self.purchase_order_id}"
