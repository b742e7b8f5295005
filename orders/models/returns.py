"""Return models: store returns, their lines, photos and bought labels."""

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from orders.models.order import Order, OrderLine
from orders.models.purchasing import PurchaseOrder
from orders.models.supplier_returns import ReturnPolicy
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful

MAX_MESSAGE_LENGTH = 4000  # the customer's message, with the answers to our questions


class ReturnAuthorization(Stateful):
    """One return of items of one purchase order; the customer sends them back or keeps them.

    A request that covers several purchase orders makes one return for each, under one
    ``request_key``. The units of a return that is not rejected, expired or canceled are counted
    on their order lines.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        NEEDS_EVIDENCE = "needs_evidence", _("Awaiting customer reply")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        LABEL_ISSUED = "label_issued", _("Label sent")
        IN_TRANSIT = "in_transit", _("In transit")
        LOST_IN_TRANSIT = "lost_in_transit", _("Lost in transit")
        RECEIVED = "received", _("Received")
        INSPECTED = "inspected", _("Inspected")
        REFUNDED = "refunded", _("Refunded")
        EXCHANGED = "exchanged", _("Exchanged")
        REFUSED = "refused", _("Items rejected")
        EXPIRED = "expired", _("Expired")
        CANCELED = "canceled", _("Canceled")

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", _("Withdrawal")
        DEFECT = "defect", _("Defective")
        DAMAGED = "damaged", _("Damaged")
        WRONG_ITEM = "wrong_item", _("Wrong item")
        MISSING = "missing", _("Parts missing")
        NOT_RECEIVED = "not_received", _("Not received")

    class Condition(models.TextChoices):
        AS_NEW = "as_new", _("As new")
        USED = "used", _("Used")
        DAMAGED = "damaged", _("Damaged")
        MISSING = "missing", _("Missing from the parcel")

    SETTLED: ClassVar = frozenset({Status.REFUNDED, Status.EXCHANGED})
    CLOSED_WITHOUT_RETURN: ClassVar = frozenset(
        {Status.REJECTED, Status.REFUSED, Status.EXPIRED, Status.CANCELED}
    )
    FINAL: ClassVar = SETTLED | CLOSED_WITHOUT_RETURN
    # ``REFUNDED``: the customer keeps the items.
    DECIDED: ClassVar = frozenset(
        {Status.APPROVED, Status.REJECTED, Status.CANCELED, Status.REFUNDED}
    )
    TO_BE_SENT: ClassVar = frozenset(
        {Status.IN_TRANSIT, Status.RECEIVED, Status.REFUNDED, Status.EXPIRED, Status.CANCELED}
    )
    TRANSITIONS: ClassVar = {
        Status.REQUESTED: DECIDED | {Status.NEEDS_EVIDENCE},
        Status.NEEDS_EVIDENCE: DECIDED | {Status.REQUESTED, Status.EXPIRED},
        Status.APPROVED: TO_BE_SENT | {Status.LABEL_ISSUED, Status.EXCHANGED},
        Status.LABEL_ISSUED: TO_BE_SENT | {Status.APPROVED},  # its label was voided
        Status.IN_TRANSIT: frozenset({Status.RECEIVED, Status.LOST_IN_TRANSIT, Status.REFUNDED}),
        Status.LOST_IN_TRANSIT: frozenset({Status.RECEIVED, Status.REFUNDED, Status.REFUSED}),
        Status.RECEIVED: frozenset({Status.INSPECTED}),
        Status.INSPECTED: frozenset(
            {Status.REFUNDED, Status.EXCHANGED, Status.REFUSED, Status.RECEIVED}
        ),
        **dict.fromkeys(FINAL, frozenset()),
        Status.EXCHANGED: frozenset({Status.REFUNDED}),  # the replacement is unavailable
        Status.EXPIRED: frozenset({Status.RECEIVED}),  # it arrived late
    }

    order = protected_key(Order, "returns", _("Order"))
    purchase_order = protected_key(PurchaseOrder, "returns", _("Purchase order"))
    number = models.CharField(_("Number"), max_length=30, unique=True)
    # idempotency key of the request form
    request_key = models.CharField(_("Form key"), max_length=40)
    kind = models.CharField(_("Type"), max_length=12, choices=Kind)
    # the customer's message
    customer_message = models.CharField(
        _("Customer's message"), max_length=MAX_MESSAGE_LENGTH, blank=True
    )
    # our answer, shown to the customer
    answer = models.CharField(_("Message to the customer"), max_length=500, blank=True)
    currency = models.CharField(_("Currency"), max_length=3)
    status = models.CharField(_("Status"), max_length=16, choices=Status, default=Status.REQUESTED)
    status_since = models.DateTimeField(_("Since"))
    opened_at = models.DateTimeField(_("Opened"))
    opened_by = models.CharField(_("Opened by"), max_length=100)
    destination = models.CharField(
        _("Return to"),
        max_length=10,
        choices=ReturnPolicy.Destination,
        default=ReturnPolicy.Destination.US,
    )
    address = models.CharField(_("Address"), max_length=300, blank=True)
    label_payer = models.CharField(
        _("Return shipping paid by"),
        max_length=10,
        choices=ReturnPolicy.Payer,
        default=ReturnPolicy.Payer.CUSTOMER,
    )
    ship_by = models.DateField(_("Ship by"), null=True, blank=True)
    # a link, or a code for the counter
    label = models.CharField(_("Label"), max_length=500, blank=True)
    carrier = models.CharField(_("Carrier"), max_length=60, blank=True)
    tracking_number = models.CharField(_("Tracking number"), max_length=60, blank=True)
    # The refund due, the delivery charge in it, and the amount that could still be refunded.
    due_amount = amount_field(_("Refund due"), null=True)
    delivery_amount = amount_field(_("Including delivery"), default=0)
    # What the customer pays for our label, kept from the refund.
    label_amount = amount_field(_("Label deducted"), default=0, db_default=0)
    refund_amount = amount_field(_("Refunded"), null=True)
    # Refunded price difference of an exchange for a cheaper item.
    difference_amount = amount_field(_("Price difference refunded"), default=0, db_default=0)
    replacement = models.OneToOneField(
        Order,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("Replacement"),
    )

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        constraints = [
            unique("return_request_once", ["request_key", "purchase_order"]),
            unique("return_delivery_refund_once", ["order"], condition=Q(delivery_amount__gt=0)),
            check(
                "return_refunded_has_amounts",
                Q(status="refunded", due_amount__isnull=False)
                & Q(refund_amount__gte=0, refund_amount__lte=F("due_amount"))
                & Q(delivery_amount__gte=0, delivery_amount__lte=F("due_amount"))
                | ~Q(status="refunded")
                & Q(due_amount__isnull=True, refund_amount__isnull=True, delivery_amount=0),
            ),
            # A customer never pays to send back a defective or wrong item.
            check(
                "return_label_deducted_from_withdrawal",
                Q(label_amount=0) | Q(label_amount__gt=0, kind="withdrawal", status="refunded"),
            ),
            check(
                "return_difference_needs_replacement",
                Q(difference_amount=0) | Q(difference_amount__gt=0, replacement__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["status", "status_since"], name="return_by_status")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_withdrawal(self) -> bool:
        return self.kind == self.Kind.WITHDRAWAL

    @property
    def is_kept(self) -> bool:
        """Return whether the customer keeps the items."""
        return self.destination == ReturnPolicy.Destination.NOWHERE

    @property
    def refund(self) -> Money:
        return Money(self.refund_amount or Decimal(0), self.currency)

    @property
    def difference(self) -> Money:
        return Money(self.difference_amount, self.currency)


class ReturnLineQuerySet(models.QuerySet["ReturnLine"]):
    def effective(self) -> Self:
        """Keep units of returns that are not rejected, expired or canceled."""
        return self.exclude(authorization__status__in=ReturnAuthorization.CLOSED_WITHOUT_RETURN)


class ReturnLine(models.Model):
    """Units of one order line in a return: requested, received and accepted.

    ``paid_amount`` is what the customer had paid for the returned units, ``deduction_amount``
    what we keep for use beyond testing. ``replaced_amount`` is the part of it that a
    replacement settled, and that is not refunded. ``wanted`` is the variant requested in exchange,
    ``difference_amount`` the refund if it is cheaper.
    """

    authorization = protected_key(ReturnAuthorization, "lines", _("Return"), db_index=False)
    order_line = protected_key(OrderLine, "return_lines", _("Order line"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    wanted = models.ForeignKey(
        Variant,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="wanted_instead",
        verbose_name=_("Exchange for"),
    )
    received_quantity = models.PositiveSmallIntegerField(_("Received"), default=0)
    accepted_quantity = models.PositiveSmallIntegerField(_("Accepted"), default=0)
    condition = models.CharField(
        _("Condition"), max_length=10, choices=ReturnAuthorization.Condition, blank=True
    )
    deduction_amount = amount_field(_("Deduction for use"), default=0)
    deduction_reason = models.CharField(_("Reason for the deduction"), max_length=200, blank=True)
    paid_amount = amount_field(_("Amount paid"), null=True)
    replaced_amount = amount_field(_("Amount exchanged"), default=0)
    difference_amount = amount_field(_("Price difference refunded"), default=0, db_default=0)

    objects = ReturnLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        constraints = [
            unique("return_line_once", ["authorization", "order_line"]),
            check(
                "return_line_within_requested",
                Q(quantity__gte=1, received_quantity__lte=F("quantity"))
                & Q(accepted_quantity__lte=F("quantity")),
            ),
            check(
                "return_line_deduction_has_reason",
                Q(deduction_amount__gte=0) & (Q(deduction_amount=0) | ~Q(deduction_reason="")),
            ),
            check(
                "return_line_amounts_within_paid",
                Q(paid_amount__isnull=True, replaced_amount=0, difference_amount=0)
                | Q(
                    paid_amount__gte=F("deduction_amount")
                    + F("replaced_amount")
                    + F("difference_amount"),
                    replaced_amount__gte=0,
                    difference_amount__gte=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"


MAX_PHOTOS = 12  # per return, over all messages


class ReturnPhoto(models.Model):
    """A photo that a customer sent with a return request or an answer.

    ``file`` is a generated name in private storage; no URL serves it. Returns of one request
    share files, but each return has its own row.
    """

    authorization = protected_key(ReturnAuthorization, "pictures", _("Return"), db_index=False)
    place = models.PositiveSmallIntegerField(_("Photo number"))
    file = models.CharField(_("File"), max_length=60)
    added_at = models.DateTimeField(_("Added"))

    class Meta:
        verbose_name = _("return photo")
        verbose_name_plural = _("return photos")
        constraints = [
            unique("return_photo_sequence_once", ["authorization", "place"]),
            check("return_photo_sequence_in_range", Q(place__gte=1, place__lte=MAX_PHOTOS)),
        ]
        indexes = [models.Index(fields=["file"], name="return_photo_by_file")]

    def __str__(self) -> str:
        return f"{self.authorization_id}, {self.place}"


class ReturnLabel(Stateful):
    """One label of a return, bought from the label provider.

    ``reference`` is our reference at the provider. It is stored before any call, and looked up
    before an order is repeated. ``attempts`` counts orders, each stored before its call. ``due_at``
    is the next call; None: nothing is to be done. ``option`` is the shipping option; empty: the
    cheapest is chosen. ``charge_amount`` is what the customer pays, in the currency of the return.
    ``file`` is the PDF in private storage.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Being bought")
        BOUGHT = "bought", _("Bought")
        FAILED = "failed", _("Failed")
        VOID_REQUESTED = "void_requested", _("Void requested")
        VOIDED = "voided", _("Voided")

    PAID: ClassVar = frozenset({Status.BOUGHT, Status.VOID_REQUESTED})
    TRANSITIONS: ClassVar = {
        Status.REQUESTED: frozenset({Status.BOUGHT, Status.FAILED, Status.VOIDED}),
        Status.BOUGHT: frozenset({Status.VOID_REQUESTED}),
        Status.FAILED: frozenset({Status.VOIDED}),
        Status.VOID_REQUESTED: frozenset({Status.VOIDED, Status.BOUGHT}),  # used, or not cancelable
        Status.VOIDED: frozenset(),
    }

    authorization = protected_key(ReturnAuthorization, "labels", _("Return"), db_index=False)
    reference = models.CharField(_("Reference"), max_length=40, unique=True)
    status = models.CharField(_("Status"), max_length=14, choices=Status, default=Status.REQUESTED)
    status_since = models.DateTimeField(_("Since"))
    requested_at = models.DateTimeField(_("Requested"))
    requested_by = models.CharField(_("Requested by"), max_length=100, blank=True)
    payer = models.CharField(_("Paid by"), max_length=10, choices=ReturnPolicy.Payer)
    option = models.CharField(_("Shipping option"), max_length=100, blank=True)
    price_amount = amount_field(_("Price"), null=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    charge_amount = amount_field(_("Customer pays"), default=0)
    external_id = models.CharField(_("Provider's ID"), max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    due_at = models.DateTimeField(_("Next call"), null=True, blank=True)
    carrier = models.CharField(_("Carrier"), max_length=60, blank=True)
    tracking_number = models.CharField(_("Tracking number"), max_length=60, blank=True)
    file = models.CharField(_("File"), max_length=80, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("return label")
        verbose_name_plural = _("return labels")
        permissions = [("buy_returnlabel", "Can buy and void return labels")]
        constraints = [
            # Until a label is void, its return gets no other one.
            unique("return_label_live_once", ["authorization"], condition=~Q(status="voided")),
            check(
                "return_label_bought_has_price",
                ~Q(status__in=["bought", "void_requested"])
                | Q(price_amount__gte=0) & ~Q(currency="") & ~Q(external_id=""),
            ),
            check("return_label_charges_customer_only", Q(charge_amount=0) | Q(payer="customer")),
            check("return_label_charge_not_negative", Q(charge_amount__gte=0)),
        ]
        indexes = [
            models.Index(fields=["authorization"], name="return_label_by_return"),
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="return_label_is_due"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def price(self) -> Money | None:
        return None if self.price_amount is None else Money(self.price_amount, self.currency)
