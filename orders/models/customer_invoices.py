"""Customer invoice models: store invoices and credit notes as issued, and their number series."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order
from orders.models.payments import PaymentEvent
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceSeries(models.Model):
    """The last number of one series: a seller's country, prefix and year."""

    country = models.CharField(_("Country of the company"), max_length=2)
    prefix = models.CharField(_("Prefix"), max_length=6)
    year = models.PositiveSmallIntegerField(_("Year"))
    last_number = models.PositiveIntegerField(_("Last number"), default=0)

    class Meta:
        verbose_name = _("invoice number series")
        verbose_name_plural = _("invoice number series")
        constraints = [unique("invoice_series_once", ["country", "prefix", "year"])]

    def __str__(self) -> str:
        return f"{self.country} {self.prefix} {self.year}"


class CustomerInvoice(models.Model):
    """An invoice to a customer, or a credit note that corrects one, as issued. Append-only.

    ``content`` is a snapshot of all that the document shows (``customer_invoices.snapshot``).
    Amounts are positive on both kinds. ``file`` is the PDF in private storage; empty until a
    worker has written it.
    """

    kind = models.CharField(_("Type"), max_length=12, choices=InvoiceKind)
    order = protected_key(Order, "customer_invoices", _("Order"))
    series = protected_key(InvoiceSeries, "customer_invoices", _("Number series"))
    sequence = models.PositiveIntegerField(_("Number in series"))
    number = models.CharField(_("Number"), max_length=30, unique=True)
    # the invoice that a credit note corrects
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_notes",
        verbose_name=_("Corrects invoice"),
    )
    # the refund or release of money for which a credit note was issued
    payment_event = models.OneToOneField(
        PaymentEvent,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_note",
        verbose_name=_("Payment event"),
    )
    country = models.CharField(_("Delivery country"), max_length=2)
    locale = models.CharField(_("Language"), max_length=5)
    currency = models.CharField(_("Currency"), max_length=3)
    net_amount = amount_field(_("Net"))
    tax_amount = amount_field(_("Tax"))
    gross_amount = amount_field(_("Total"))
    content = models.JSONField(_("Content"))
    file = models.CharField(_("File"), max_length=100, blank=True)
    issued_at = models.DateTimeField(_("Issued"))

    class Meta:
        verbose_name = _("customer invoice")
        verbose_name_plural = _("customer invoices")
        permissions = [("export_customerinvoice", "Can export customer invoices")]
        constraints = [
            unique("customer_invoice_once_per_order", ["order"], condition=Q(kind="invoice")),
            unique("customer_invoice_once_per_number", ["series", "sequence"]),
            check(
                "customer_invoice_credit_note_has_cause",
                Q(kind="invoice", corrects=None, payment_event=None)
                | Q(kind="credit_note", corrects__isnull=False, payment_event__isnull=False),
            ),
            check("customer_invoice_adds_up", Q(gross_amount=F("net_amount") + F("tax_amount"))),
            check("customer_invoice_has_amount", Q(gross_amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["issued_at"], name="customer_invoice_by_issue"),
            models.Index(fields=["id"], condition=Q(file=""), name="customer_invoice_unpublished"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        return Money(self.gross_amount, self.currency)
