"""Purchasing models: store purchase orders and their lines."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from orders.models.order import Order, OrderLine
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
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

    UNSUBMITTED_STATES: ClassVar = frozenset({Submission.UNSUBMITTED, Submission.SUBMIT_FAILED})
    NOT_STARTED: ClassVar = frozenset({Status.DRAFT, Status.READY, Status.ON_HOLD})
    # The supplier can still cancel it.
    CANCELABLE: ClassVar = frozenset({Status.READY, Status.IN_PROGRESS})
    SHIPPED_STATES: ClassVar = frozenset({Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.CLOSED})

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
    ANSWERS: ClassVar = frozenset(
        {
            Submission.ACCEPTED,
            Submission.PARTIALLY_ACCEPTED,
            Submission.BACKORDERED,
            Submission.REJECTED,
        }
    )
    SUBMISSION_TRANSITIONS: ClassVar = {
        Submission.UNSUBMITTED: frozenset({Submission.SUBMITTING}),
        Submission.SUBMITTING: ANSWERS
        | {Submission.SUBMITTED, Submission.SUBMIT_FAILED, Submission.SUBMIT_UNKNOWN},
        # a late acceptance: the supplier has it
        Submission.SUBMIT_FAILED: (ANSWERS - {Submission.BACKORDERED, Submission.REJECTED})
        | {Submission.SUBMITTING, Submission.SUBMITTED},
        # ``SUBMIT_FAILED``: a lookup proved that the supplier does not have it
        Submission.SUBMIT_UNKNOWN: ANSWERS | {Submission.SUBMITTED, Submission.SUBMIT_FAILED},
        Submission.SUBMITTED: ANSWERS | {Submission.CANCELLATION_REQUESTED},
        Submission.ACCEPTED: frozenset(
            {Submission.PARTIALLY_ACCEPTED, Submission.CANCELLATION_REQUESTED, Submission.REJECTED}
        ),
        Submission.PARTIALLY_ACCEPTED: frozenset(
            {Submission.CANCELLATION_REQUESTED, Submission.REJECTED}
        ),
        Submission.BACKORDERED: (ANSWERS - {Submission.BACKORDERED})
        | {Submission.CANCELLATION_REQUESTED},
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
            # ``REJECTED``: the supplier canceled it after all
            {Submission.CANCELLATION_REQUESTED, Submission.REJECTED}
        ),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS, "submission_status": SUBMISSION_TRANSITIONS}

    order = protected_key(Order, "purchase_orders", _("Order"))
    supplier = protected_key(Supplier, "purchase_orders", _("Supplier"))
    location = protected_key(StockLocation, "purchase_orders", _("Sent from"))
    number = models.CharField(_("Number"), max_length=30, unique=True)
    # Part of the URL of the supplier's page (``orders.links``); a new key disables the old link.
    access_key = models.CharField(_("Supplier page key"), max_length=43, blank=True)
    supplier_reference = models.CharField(_("Supplier order number"), max_length=60, blank=True)
    service_code = models.CharField(_("Shipping method"), max_length=40)
    # the supplier's name of the delivery service
    carrier_service = models.CharField(_("Carrier service"), max_length=50)
    currency = models.CharField(_("Currency"), max_length=3)
    # what the customer pays for it
    customer_charge_amount = amount_field(_("Amount to capture"))
    # Our IOSS number, if it applies to this parcel.
    ioss_number = models.CharField(_("IOSS number"), max_length=30, blank=True, db_default="")
    # Shipping cost reported by the supplier; None: not reported.
    freight_amount = amount_field(_("Freight"), null=True)
    freight_currency = models.CharField(_("Freight currency"), max_length=3, blank=True)
    status = models.CharField(_("Status"), max_length=20, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Since"))
    submission_status = models.CharField(
        _("Supplier status"), max_length=25, choices=Submission, default=Submission.UNSUBMITTED
    )
    submission_status_since = models.DateTimeField(_("Supplier status since"))
    hold_reasons = models.JSONField(_("Hold reasons"), default=list, blank=True)
    # hold reasons that staff waived
    waived_reasons = models.JSONField(_("Waived by staff"), default=list, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    # Time of an open cancellation request; empty once it is answered.
    cancel_requested_at = models.DateTimeField(
        _("Cancellation requested at"), null=True, blank=True
    )
    cancel_reason = models.CharField(_("Cancellation reason"), max_length=200, blank=True)
    # Set if no API takes the cancellation request; the supplier then answers later.
    cancellation_channel = models.CharField(
        _("Cancellation channel"),
        max_length=10,
        choices=RequestChannel,
        blank=True,
        default="",
        db_default="",
    )
    # The cancellation is for reassignment: another source is sought for what is canceled.
    is_being_reassigned = models.BooleanField(
        _("Being reassigned"), default=False, db_default=False
    )
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    # Failed attempts that are retried, not counting calls that our circuit breaker blocked.
    failures = models.PositiveSmallIntegerField(_("Failed attempts"), default=0, db_default=0)
    retry_at = models.DateTimeField(_("Retry after"), null=True, blank=True)
    # Time of a batched submission: until then it can be canceled free of charge
    # (``suppliers.profile.order_schedule``). Empty: submitted at once.
    submit_at = models.DateTimeField(_("Submit at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("Accepted at"), null=True, blank=True)
    polled_at = models.DateTimeField(_("Last polled"), null=True, blank=True)
    # How often rejected lines of the order had been routed again when this was created.
    round = models.PositiveSmallIntegerField(_("Routing attempts"), default=0, db_default=0)
    # Delivery address, if it differs from that of the order.
    ship_to = models.JSONField(
        _("Delivery address"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )
    # Planned parcel after rerouting; empty if ``Order.delivery_plan`` has it.
    way = models.JSONField(
        _("Delivery method"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )

    class Meta:
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        constraints = [
            unique(
                "purchase_order_once_per_supplier_location",
                ["order", "supplier", "location", "round"],
                condition=~Q(status="canceled"),
            ),
            unique(
                "purchase_order_once_per_reference",
                ["supplier", "supplier_reference"],
                condition=~Q(supplier_reference=""),
            ),
            check(
                "purchase_order_freight_has_currency",
                Q(freight_amount__isnull=True) | Q(freight_amount__gte=0) & ~Q(freight_currency=""),
            ),
        ]
        indexes = [
            models.Index(fields=["submission_status", "retry_at"], name="purchase_order_to_send"),
            models.Index(fields=["status", "status_since"], name="purchase_order_by_status"),
            models.Index(
                fields=["supplier_reference"],
                opclasses=["varchar_pattern_ops"],
                name="purchase_order_by_reference",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def charge(self) -> Money:
        return Money(self.customer_charge_amount, self.currency)

    @property
    def goes_to(self) -> dict[str, str]:
        """Return the delivery address, as the parts of an Address."""
        address: dict[str, str] = self.ship_to or self.order.ship_to
        return address

    @property
    def entry(self) -> Mapping[str, Any]:
        """Return the planned parcel as quoted: its own after rerouting, else that of the order."""
        way: Mapping[str, Any] = self.way
        if way:
            return way
        plan: list[Mapping[str, Any]] = self.order.delivery_plan
        return next((entry for entry in plan if entry["location_id"] == self.location_id), {})


class PurchaseLine(models.Model):
    """One order line in a purchase order, and the stock row it is taken from.

    ``offer`` and ``level`` are those of the order line, unless it was rerouted.
    """

    purchase_order = protected_key(PurchaseOrder, "lines", _("Purchase order"))
    order_line = protected_key(OrderLine, "purchase_lines", _("Order line"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    offer = protected_key(SupplierOffer, "purchase_lines", _("Offer"))
    level = protected_key(StockLevel, "purchase_lines", _("Stock level"))
    # per unit, when it was ordered
    ordered_cost_amount = amount_field(_("Ordered cost"))
    ordered_cost_currency = models.CharField(_("Currency of the ordered cost"), max_length=3)
    # per unit, as the supplier accepted it
    agreed_cost_amount = amount_field(_("Agreed cost"))
    cost_currency = models.CharField(_("Cost currency"), max_length=3)
    acknowledgment = models.CharField(_("Supplier response"), max_length=25, blank=True)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("purchase order line")
        verbose_name_plural = _("purchase order lines")
        constraints = [
            unique(
                "order_line_in_one_active_purchase_order",
                ["order_line"],
                condition=Q(is_active=True),
            ),
            check("purchase_line_has_units", Q(quantity__gte=1)),
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
