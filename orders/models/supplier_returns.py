"""Supplier return models: store return policies, items sent back, and the credit due."""

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseLine, PurchaseOrder
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful
from suppliers.models import Supplier

_LABEL_ADDRESS = _("Address on return labels that we buy. Fill in all parts or none.")


class ReturnPolicy(models.Model):
    """How one supplier handles returns.

    The row without a supplier applies to suppliers without their own row. Without that row, the
    field defaults apply.
    """

    class Destination(models.TextChoices):
        SUPPLIER = "supplier", _("To the supplier")
        US = "us", _("Us")
        NOWHERE = "nowhere", _("Customer keeps the items")

    class Payer(models.TextChoices):
        US = "us", _("We pay")
        CUSTOMER = "customer", _("Customer pays")
        SUPPLIER = "supplier", _("Supplier pays")

    supplier = protected_key(
        Supplier,
        "return_policies",
        _("Supplier"),
        null=True,
        help_text=_("Leave empty for all suppliers without their own policy."),
        db_index=False,
    )
    destination = models.CharField(
        _("Return to"),
        max_length=10,
        choices=Destination,
        default=Destination.US,
        help_text=_("Shown to the customer when the return is approved."),
    )
    address = models.CharField(
        _("Return address"),
        max_length=300,
        blank=True,
        help_text=_("On one line, as written on a parcel. Shown to the customer."),
    )
    # Below this value, in the order's currency, a return is refunded without sending it back.
    returnless_below_amount = amount_field(
        _("No return below"),
        default=0,
        help_text=_(
            "The customer keeps items worth less than this. In the currency of the "
            "order. 0 = never."
        ),
    )
    # the supplier credits us for returned items
    accepts_returns = models.BooleanField(
        _("Accepts returns"),
        default=False,
        help_text=_("If off, staff get no reminder to request a credit."),
    )
    return_window_days = models.PositiveSmallIntegerField(
        _("Return period (days)"),
        default=30,
        help_text=_("Counted from the day of the customer's return request."),
    )
    # Supplier's warranty from the delivery; None: as ``return_window_days``.
    warranty_months = models.PositiveSmallIntegerField(
        _("Supplier warranty (months)"),
        null=True,
        blank=True,
        help_text=_(
            "How long after delivery the supplier pays for defective or wrong "
            "items. Leave empty to use the return period."
        ),
    )
    restocking_fee_percent = models.DecimalField(
        _("Restocking fee (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        help_text=_("Percentage of the purchase cost. 0 = none."),
    )
    label_payer = models.CharField(
        _("Return shipping paid by"),
        max_length=10,
        choices=Payer,
        default=Payer.CUSTOMER,
        help_text=_("For withdrawals only. We always pay for defective or wrong items."),
    )
    # The return address in parts, as a label provider needs it.
    label_name = models.CharField(
        _("Recipient"), max_length=100, blank=True, help_text=_LABEL_ADDRESS
    )
    label_street = models.CharField(
        _("Street and number"), max_length=100, blank=True, help_text=_LABEL_ADDRESS
    )
    label_postcode = models.CharField(
        _("Postcode"), max_length=20, blank=True, help_text=_LABEL_ADDRESS
    )
    label_city = models.CharField(_("City"), max_length=80, blank=True, help_text=_LABEL_ADDRESS)
    label_country = models.CharField(
        _("Country"), max_length=2, blank=True, help_text=_("Code of two letters, such as DE.")
    )
    label_phone = models.CharField(
        _("Phone"), max_length=30, blank=True, help_text=_("For the carrier. May be empty.")
    )
    is_label_automatic = models.BooleanField(
        _("Buy label automatically"),
        default=False,
        help_text=_("As soon as a return is approved, the cheapest label is bought and e-mailed."),
    )

    class Meta:
        verbose_name = _("return policy")
        verbose_name_plural = _("return policies")
        constraints = [
            unique("return_policy_once", ["supplier"], nulls_distinct=False),
            check(
                "return_policy_threshold_not_negative",
                Q(returnless_below_amount__gte=0),
                violation_error_message=_("Amounts and rates must be 0 or more."),
            ),
            check(
                "return_policy_fee_in_range",
                Q(restocking_fee_percent__gte=0, restocking_fee_percent__lte=100),
                violation_error_message=_("The restocking fee is a percentage from 0 to 100."),
            ),
            check("return_policy_has_address", ~Q(destination="supplier") | ~Q(address="")),
            check(
                "return_policy_label_address_whole",
                Q(label_name="", label_street="", label_postcode="", label_city="")
                & Q(label_country="", is_label_automatic=False)
                | ~Q(label_name="")
                & ~Q(label_street="")
                & ~Q(label_postcode="")
                & ~Q(label_city="")
                & ~Q(label_country=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.supplier or _("All other suppliers"))


class SupplierReturnQuerySet(models.QuerySet["SupplierReturn"]):
    def open(self) -> Self:
        """Keep supplier returns that may still be credited."""
        return self.exclude(status__in=SupplierReturn.SETTLED)

    def owed(self) -> dict[str, Decimal]:
        """Return what suppliers owe us, by currency."""
        sums = self.open().order_by("currency").values("currency")
        return dict(sums.annotate(owed=Sum("expected_amount")).values_list("currency", "owed"))


class SupplierReturn(Stateful):
    """Items of a purchase order sent back by staff; no customer's refund depends on it."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REQUESTED = "requested", _("Requested")
        AUTHORIZED = "authorized", _("Authorized")
        DENIED = "denied", _("Denied")
        SHIPPED = "shipped", _("In transit")
        RECEIVED = "received", _("Received")
        DISPUTED = "disputed", _("Disputed")
        CREDITED = "credited", _("Credited")
        WRITTEN_OFF = "written_off", _("Written off")

    SETTLED: ClassVar = frozenset({Status.DENIED, Status.CREDITED, Status.WRITTEN_OFF})
    CLOSED_WITHOUT_CREDIT: ClassVar = frozenset({Status.DENIED, Status.WRITTEN_OFF})
    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.REQUESTED, Status.WRITTEN_OFF}),
        Status.REQUESTED: frozenset({Status.AUTHORIZED, Status.DENIED, Status.WRITTEN_OFF}),
        Status.AUTHORIZED: frozenset({Status.SHIPPED, Status.CREDITED, Status.WRITTEN_OFF}),
        Status.SHIPPED: frozenset({Status.RECEIVED, Status.DISPUTED, Status.CREDITED}),
        Status.RECEIVED: frozenset({Status.CREDITED, Status.DISPUTED}),
        Status.DISPUTED: frozenset({Status.CREDITED, Status.WRITTEN_OFF}),
        **dict.fromkeys(SETTLED, frozenset()),
    }

    purchase_order = protected_key(PurchaseOrder, "supplier_returns", _("Purchase order"))
    authorization = models.ForeignKey(
        "orders.ReturnAuthorization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="supplier_returns",
        verbose_name=_("Return"),
    )
    number = models.CharField(_("Number"), max_length=30, unique=True)
    # the supplier's RMA number
    rma_number = models.CharField(_("Supplier RMA number"), max_length=60, blank=True)
    currency = models.CharField(_("Currency"), max_length=3)
    expected_amount = amount_field(_("Amount claimed"))
    fee_amount = amount_field(_("Restocking fee"), default=0)
    credited_amount = amount_field(_("Amount credited"), null=True)
    carrier = models.CharField(_("Carrier"), max_length=60, blank=True)
    tracking_number = models.CharField(_("Tracking number"), max_length=60, blank=True)
    opened_by = models.CharField(_("Opened by"), max_length=100)
    # who recorded the credit
    recorded_by = models.CharField(_("Response recorded by"), max_length=100, blank=True)
    opened_at = models.DateTimeField(_("Opened"))
    status = models.CharField(_("Status"), max_length=12, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Since"))

    objects = SupplierReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("supplier return")
        verbose_name_plural = _("supplier returns")
        constraints = [
            unique(
                "supplier_return_once_per_return",
                ["authorization"],
                condition=~Q(status__in=["denied", "written_off"]),
            ),
            check(
                "supplier_return_amounts_not_negative", Q(expected_amount__gte=0, fee_amount__gte=0)
            ),
            check(
                "supplier_return_credited_has_amount",
                Q(status="credited", credited_amount__gte=0)
                & (~Q(recorded_by="") | Q(credited_amount__lte=F("expected_amount")))
                | ~Q(status="credited") & Q(credited_amount__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "status_since"], name="supplier_return_by_status")
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def expected(self) -> Money:
        return Money(self.expected_amount, self.currency)


class SupplierReturnLineQuerySet(models.QuerySet["SupplierReturnLine"]):
    def effective(self) -> Self:
        """Keep units that are or may still be credited."""
        return self.exclude(supplier_return__status__in=SupplierReturn.CLOSED_WITHOUT_CREDIT)


class SupplierReturnLine(models.Model):
    """Units of one purchase line that go back to the supplier."""

    supplier_return = protected_key(SupplierReturn, "lines", _("Supplier return"), db_index=False)
    purchase_line = protected_key(PurchaseLine, "supplier_return_lines", _("Purchase order line"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    ordered_quantity = models.PositiveSmallIntegerField(_("Ordered"))
    # cost per unit
    unit_amount = amount_field(_("Unit price"))

    objects = SupplierReturnLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("supplier return line")
        verbose_name_plural = _("supplier return lines")
        constraints = [
            unique("supplier_return_line_once", ["supplier_return", "purchase_line"]),
            check(
                "supplier_return_within_ordered",
                Q(quantity__gte=1, quantity__lte=F("ordered_quantity")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of purchase line {self.purchase_line_id}"
