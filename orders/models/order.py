"""Order models: store orders and lines with the texts, prices and costs of the sale."""

from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Self

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lower, Reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Variant
from orders.models.cart import Cart
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.db.indexed_search import plain_column
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful
from suppliers.models import StockLevel, SupplierOffer

# How long a customer's consecutive unpaid orders may hold units, from the first reservation.
MAX_RESERVATION_TIME = timedelta(hours=1)
CUSTOMER_NAME = plain_column(KeyTextTransform("name", "ship_to"))  # as staff search for it
PHONE = models.Func(  # the digits of the phone number
    KeyTextTransform("phone", "ship_to"),
    *map(Value, (r"\D", "", "g")),
    function="regexp_replace",
    output_field=models.TextField(),
)


class OrderQuerySet(models.QuerySet["Order"]):
    """Queries of orders."""

    def of(self, owner_id: int, addresses: list[str]) -> Self:
        """Return the orders of an account and its verified addresses (lower case), newest first."""
        with_them = self.alias(lower=Lower("email")).filter(lower__in=addresses).values("pk")
        signed_in = self.filter(cart__owner=owner_id).values("pk")
        return self.filter(pk__in=with_them.union(signed_in)).order_by("-placed_at", "-pk")

    def of_customer(self, *, owner_id: int | None, browser_key: str) -> Self:
        """Return the orders of one account or one browser; none if neither is known.

        An e-mail address is no proof: anyone can enter another customer's.
        Shape:  ``browser_key`` as ``Cart.browser``
        """
        who = Q(cart__owner=owner_id) if owner_id is not None else Q()
        if browser_key:
            who |= Q(cart__browser_key=browser_key) | Q(cart__token=browser_key)
        return self.filter(who) if who else self.none()

    def with_progress(self) -> Self:
        """Annotate ``payment_status`` and ``fulfillment_status``, from payments and lines."""
        payments = apps.get_model("orders", "Payment")._base_manager  # noqa: SLF001
        purchases = apps.get_model("orders", "PurchaseOrder")._base_manager  # noqa: SLF001
        lines = OrderLine._base_manager  # noqa: SLF001

        def total(
            rows: models.Manager[models.Model], what: str | models.expressions.Combinable
        ) -> Coalesce:
            by_order = rows.filter(order=OuterRef("pk")).order_by().values("order")
            return Coalesce(
                Subquery(by_order.annotate(total=Sum(what)).values("total")),
                Value(0),
                output_field=models.DecimalField(max_digits=14, decimal_places=2),
            )

        disputed = payments.filter(
            order=OuterRef("pk"), dispute_status__in=["charged_back", "lost"]
        )
        waiting = purchases.filter(order=OuterRef("pk")).exclude(
            Q(submission_status__in=["accepted", "cancellation_rejected"]) | Q(status="canceled")
        )
        return self.annotate(
            captured=total(payments, "captured_amount"),
            refunded=total(payments, "refunded_amount"),
            open_amount=total(
                payments, F("authorized_amount") - F("captured_amount") - F("voided_amount")
            ),
            wanted=total(lines, F("quantity") - F("canceled_quantity")),
            shipped=total(lines, "shipped_quantity"),
            delivered=total(lines, "delivered_quantity"),
            returning=total(lines, "returning_quantity"),
            returned=total(lines, "returned_quantity"),
            payment_status=Case(
                When(models.Exists(disputed), then=Value("charged_back")),
                When(captured=0, open_amount=0, then=Value("not_paid")),
                When(captured=0, then=Value("authorized")),
                When(refunded__gte=F("captured"), then=Value("refunded")),
                When(refunded__gt=0, then=Value("partially_refunded")),
                When(open_amount__gt=0, then=Value("partially_paid")),
                default=Value("paid"),
            ),
            fulfillment_status=Case(
                When(wanted=0, then=Value("unfulfilled")),
                When(returned__gte=F("wanted"), then=Value("returned")),
                When(returned__gt=0, then=Value("partially_returned")),
                When(delivered__gte=F("wanted"), then=Value("delivered")),
                When(delivered__gt=0, then=Value("partially_delivered")),
                When(shipped__gte=F("wanted"), then=Value("shipped")),
                When(shipped__gt=0, then=Value("partially_shipped")),
                When(~Q(status="processing"), then=Value("unfulfilled")),
                When(models.Exists(waiting), then=Value("sourcing")),
                default=Value("sourced"),
            ),
        )


class Order(Stateful):
    """One order of one customer. Payment and fulfillment status are derived, not stored."""

    class Status(models.TextChoices):
        PENDING_PAYMENT = "pending_payment", _("Payment pending")
        PLACED = "placed", _("Placed")  # the money is authorized
        ON_HOLD = "on_hold", _("On hold")
        PROCESSING = "processing", _("In progress")  # its purchase orders exist
        COMPLETED = "completed", _("Completed")
        EXPIRED = "expired", _("Expired")  # never paid
        CANCELED = "canceled", _("Canceled")

    ACTIVE: ClassVar = (Status.PLACED, Status.ON_HOLD, Status.PROCESSING)  # paid and not ended
    OPEN: ClassVar = (Status.PENDING_PAYMENT, *ACTIVE)
    TRANSITIONS: ClassVar = {
        Status.PENDING_PAYMENT: frozenset({Status.PLACED, Status.EXPIRED, Status.CANCELED}),
        Status.PLACED: frozenset({Status.ON_HOLD, Status.PROCESSING, Status.CANCELED}),
        Status.ON_HOLD: frozenset({Status.PLACED, Status.PROCESSING, Status.CANCELED}),
        Status.PROCESSING: frozenset({Status.ON_HOLD, Status.COMPLETED, Status.CANCELED}),
        Status.COMPLETED: frozenset(),
        Status.EXPIRED: frozenset(),
        Status.CANCELED: frozenset(),
    }

    number = models.CharField(_("Number"), max_length=20, unique=True)
    # secret part of the order page's URL; replaces a sign-in
    access_key = models.CharField(_("Order page key"), max_length=43)
    channel = protected_key(Channel, "orders", _("Channel"))
    cart = models.OneToOneField(Cart, models.PROTECT, related_name="order", verbose_name=_("Cart"))
    email = models.EmailField(_("E-mail"), max_length=254)
    locale = models.CharField(_("Language"), max_length=5)
    # where text messages about the deliveries go (E.164); empty: none are wanted
    sms_number = models.CharField(_("Text messages to"), max_length=16, blank=True, db_default="")
    ship_to = models.JSONField(_("Delivery address"))  # Address, as entered
    # Where the address came from, see ``addresses.verification.record``.
    address_verification = models.JSONField(
        _("Address validation"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )
    currency = models.CharField(_("Currency"), max_length=3)
    subtotal_amount = amount_field(_("Subtotal"))
    delivery_amount = amount_field(_("Delivery"))
    discount_amount = amount_field(_("Discount"), default=0)
    tax_amount = amount_field(_("Tax included"))  # contained in the total
    # The part of the tax that was not in the prices.
    additional_tax_amount = amount_field(_("Tax added"), db_default=0)
    total_amount = amount_field(_("Total"))
    status = models.CharField(
        _("Status"), max_length=16, choices=Status, default=Status.PENDING_PAYMENT
    )
    status_since = models.DateTimeField(_("Since"))
    hold_reason = models.CharField(_("Hold reason"), max_length=200, blank=True)
    placed_at = models.DateTimeField(_("Placed"))
    payment_due_at = models.DateTimeField(_("Payment due"))  # then the reserved stock is released
    # Start of the first unpaid reservation of its items, which may belong to an earlier order.
    first_reserved_at = models.DateTimeField(_("First reserved"), null=True, blank=True)
    # Digest of the customer's network while the order is unpaid (``checkout.network_limits``).
    network = models.CharField(_("Customer network"), max_length=32, blank=True, db_default="")
    # The id of the order in the store or program that sent it; empty: placed at our checkout.
    external_reference = models.CharField(
        _("Reference on the channel"), max_length=60, blank=True, db_default=""
    )
    # False: the channel writes to the customer, and we do not.
    notifies_customer = models.BooleanField(_("Customer messages"), default=True, db_default=True)
    delivery_plan = models.JSONField(_("Delivery method"), default=list)  # one entry per parcel
    # The candidate sources of each line and the rules that chose (``routing.decision_log``).
    routing_decision = models.JSONField(
        _("Routing decision"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )
    arrives_from = models.DateField(_("Arrives from"), null=True, blank=True)
    arrives_to = models.DateField(_("Arrives by"), null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [
            ("place_order", "Can create an order for a customer"),
            ("cancel_order", "Can cancel order"),
            ("refund_order", "Can refund order"),
            ("redirect_order", "Can change the delivery address of order"),
            ("return_order", "Can open a return of order"),
            ("release_order", "Can release order from hold"),
            ("view_costs", "Can view costs, fees and margins of order"),
        ]
        constraints = [
            unique(
                "order_once_per_external_reference",
                ["channel", "external_reference"],
                condition=~Q(external_reference=""),
            ),
            check(
                "order_total_adds_up",
                Q(
                    total_amount=F("subtotal_amount")
                    + F("delivery_amount")
                    - F("discount_amount")
                    + F("additional_tax_amount")
                ),
            ),
            check(
                "order_amounts_not_negative",
                Q(
                    subtotal_amount__gte=0,
                    delivery_amount__gte=0,
                    discount_amount__gte=0,
                    additional_tax_amount__gte=0,
                    tax_amount__gte=F("additional_tax_amount"),
                    total_amount__gte=0,
                ),
            ),
            check(
                "order_reservation_time_limited",
                Q(first_reserved_at=None)
                | Q(payment_due_at__lte=F("first_reserved_at") + MAX_RESERVATION_TIME),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "status_since"], name="order_by_status"),
            models.Index(fields=["placed_at"], name="order_by_placement"),
            models.Index(
                fields=["arrives_to"], condition=Q(status="processing"), name="order_by_arrival"
            ),
            models.Index(OpClass(Lower("email"), "text_pattern_ops"), name="order_by_email"),
            # The search of staff: words of the name, the end of the phone and the order number.
            GinIndex(SearchVector(CUSTOMER_NAME, config="simple"), name="order_name_words"),
            models.Index(OpClass(Reverse(PHONE), "text_pattern_ops"), name="order_by_end_of_phone"),
            models.Index(OpClass(Reverse("number"), "text_pattern_ops"), name="order_by_end"),
            models.Index(fields=["network"], condition=~Q(network=""), name="order_by_network"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        return Money(self.total_amount, self.currency)


class OrderLine(models.Model):
    """One order line, with the texts, price and cost at the time of the sale.

    ``offer`` and ``level`` are the source that routing chose. ``landed_amount`` is the landed
    cost of all units from there, ``fees_amount`` the fees on their price, both in the order's
    currency. ``cost_rate`` converts the supplier's currency to the order's. None: unknown.
    """

    order = protected_key(Order, "lines", _("Order"))
    variant = protected_key(Variant, "order_lines", _("Variant"))
    offer = protected_key(SupplierOffer, "order_lines", _("Offer"))
    level = protected_key(StockLevel, "order_lines", _("Stock level"))
    # The id of an imported line in its store.
    external_reference = models.CharField(
        _("Reference on the channel"), max_length=60, blank=True, db_default=""
    )
    sku = models.CharField(_("SKU"), max_length=40)
    title = models.CharField(_("Title"), max_length=200)
    # language -> title, of the languages other than that of ``title``
    titles = models.JSONField(
        _("Titles by language"), default=dict, db_default=models.Value({}, models.JSONField())
    )
    picture = models.CharField(_("Picture"), max_length=80, blank=True)
    quantity = models.PositiveSmallIntegerField(_("Quantity"))
    unit_amount = amount_field(_("Unit price"))
    line_amount = amount_field(_("Line total"))
    discount_amount = amount_field(_("Discount"), db_default=0)
    tax_rate = models.DecimalField(_("Tax rate"), max_digits=6, decimal_places=5)
    tax_amount = amount_field(_("Tax included"), db_default=0)
    additional_tax_amount = amount_field(_("Tax added"), db_default=0)
    cost_amount = amount_field(_("Cost"))  # per unit, in the supplier's currency
    cost_currency = models.CharField(_("Cost currency"), max_length=3)
    cost_rate = models.DecimalField(
        _("Exchange rate at sale"), max_digits=20, decimal_places=10, null=True, blank=True
    )
    landed_amount = amount_field(_("Landed cost"), null=True)
    fees_amount = amount_field(_("Fees"), null=True)
    # ``Product.guarantee_months`` at the time of the sale; None: no guarantee beyond the legal one.
    guarantee_months = models.PositiveSmallIntegerField(
        _("Guarantee (months)"), null=True, blank=True
    )
    # ``catalog.models.guarantees.GuaranteeTerms`` at the time of the sale; empty: no guarantee.
    guarantee = models.JSONField(
        _("Guarantee"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    # The line that this line was split from; only read with its order, so without an index.
    split_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        db_index=False,
        verbose_name=_("Split from line"),
    )
    canceled_quantity = models.PositiveSmallIntegerField(_("Canceled"), default=0)
    shipped_quantity = models.PositiveSmallIntegerField(_("Shipped"), default=0)
    delivered_quantity = models.PositiveSmallIntegerField(_("Delivered"), default=0)
    # Units in open or settled returns, and how many of them were refunded or exchanged.
    returning_quantity = models.PositiveSmallIntegerField(
        _("Being returned"), default=0, db_default=0
    )
    returned_quantity = models.PositiveSmallIntegerField(_("Returned"), default=0, db_default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            check("order_line_amount_adds_up", Q(line_amount=F("unit_amount") * F("quantity"))),
            check(
                "order_line_discount_within_line",
                Q(discount_amount__gte=0, discount_amount__lte=F("line_amount")),
            ),
            check(
                "order_line_taxes_not_negative",
                Q(additional_tax_amount__gte=0, tax_amount__gte=F("additional_tax_amount")),
            ),
            check("order_line_has_units", Q(quantity__gte=1)),
            check(
                "order_line_not_shipped_and_canceled",
                Q(quantity__gte=F("canceled_quantity") + F("shipped_quantity")),
            ),
            check(
                "order_line_delivered_was_shipped", Q(shipped_quantity__gte=F("delivered_quantity"))
            ),
            # A parcel refused at the door comes back without having been delivered.
            check(
                "order_line_returned_was_shipped",
                Q(shipped_quantity__gte=F("returning_quantity"))
                & Q(returning_quantity__gte=F("returned_quantity")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def customer_charge_amount(self) -> Decimal:
        """Return what the customer pays with tax, and gets back if it is not shipped."""
        return self.line_amount - self.discount_amount + self.additional_tax_amount


class OrderMessage(models.Model):
    """One message between the customer and staff about an order; it is erased with the customer.

    ``request_key`` names one submitted form, so that a repeated one stores nothing.
    """

    MAX_CHARS = 4000

    class Author(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        STAFF = "staff", _("Staff")

    order = protected_key(Order, "messages", _("Order"), db_index=False)  # the constraint has one
    author = models.CharField(_("Author"), max_length=8, choices=Author)
    written_by = models.CharField(_("Written by"), max_length=100)
    text = models.TextField(_("Message"), max_length=MAX_CHARS)
    sent_at = models.DateTimeField(_("Sent"))
    request_key = models.CharField(_("Form key"), max_length=40, editable=False)
    # Of a customer's message; empty while it waits. Staff may also close it without an answer.
    answered_at = models.DateTimeField(_("Answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("order message")
        verbose_name_plural = _("order messages")
        constraints = [
            unique("order_message_once_per_form", ["order", "request_key"]),
            check(
                "order_message_answered_if_customers", Q(answered_at=None) | Q(author="customer")
            ),
        ]
        indexes = [
            models.Index(
                fields=["order"],
                condition=Q(author="customer", answered_at=None),
                name="order_message_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.sent_at:%Y-%m-%d %H:%M}"
