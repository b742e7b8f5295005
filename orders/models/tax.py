"""Tax models: store tax rates by place and day, our registration numbers, and booking accounts."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import check, unique


class TaxRate(models.Model):
    """The tax rate of a country, or of one region of it, from a day on.

    It ends when the next rate of the same place begins, so two never overlap. If a tax is
    abolished, the next rate is 0. ``region`` is the second half of an ISO 3166-2 code, such as
    ``CA`` of ``US-CA``; empty for the country.
    """

    country = models.CharField(
        _("Country"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}$")],
        help_text=_("Two-letter country code, such as DE."),
    )
    region = models.CharField(
        _("Region"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^[A-Z0-9]{1,3}$")],
        help_text=_("A state, such as CA for California. Leave empty for the whole country."),
    )
    rate = models.DecimalField(
        _("Rate"),
        max_digits=6,
        decimal_places=5,
        help_text=_("A fraction of the price before tax: 0.19 is 19 %. 0 = no tax from that day."),
    )
    valid_from = models.DateField(
        _("Valid from"), help_text=_("The previous rate ends automatically: do not edit it.")
    )
    source = models.CharField(
        _("Source"), max_length=200, help_text=_("A law or a web page, for reference.")
    )

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints = [
            unique("tax_rate_once_per_day", ["country", "region", "valid_from"]),
            check(
                "tax_rate_is_fraction",
                Q(rate__gte=0, rate__lt=1),
                violation_error_message=_("Enter a rate from 0 to below 1, such as 0.19."),
            ),
        ]

    def __str__(self) -> str:
        place = f"{self.country}-{self.region}" if self.region else self.country
        return f"{place} {(self.rate * 100).normalize():f} %"


class TaxNumber(models.Model):
    """A tax registration number, used from its first to its last day.

    An IOSS number travels with each parcel from outside the EU worth at most 150 EUR, so that
    import VAT is not charged again. A sales tax number means that we collect tax in its
    region. Where prices exclude tax, no tax is added elsewhere.
    """

    class Scheme(models.TextChoices):
        OSS = "oss", _("EU One Stop Shop (OSS)")
        IOSS = "ioss", _("EU Import One Stop Shop (IOSS)")
        VAT = "vat", _("National VAT")
        SALES_TAX = "sales_tax", _("Regional sales tax")

    scheme = models.CharField(
        _("Scheme"),
        max_length=10,
        choices=Scheme,
        help_text=_("The tax scheme under which this number was issued."),
    )
    country = models.CharField(
        _("Country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$")],
        help_text=_("Two-letter country code. Leave empty for EU schemes."),
    )
    region = models.CharField(
        _("Region"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^[A-Z0-9]{1,3}$")],
        help_text=_("A state, such as CA. Leave empty for the whole country."),
    )
    number = models.CharField(
        _("Number"),
        max_length=30,
        help_text=_("An IOSS number begins with IM. It is sent to suppliers."),
    )
    valid_from = models.DateField(
        _("Valid from"), help_text=_("Earlier orders do not use this number.")
    )
    valid_until = models.DateField(
        _("Valid until"), null=True, blank=True, help_text=_("Leave empty for no end date.")
    )

    class Meta:
        verbose_name = _("tax number")
        verbose_name_plural = _("tax numbers")
        constraints = [
            check("tax_number_scheme_is_known", Q(scheme__in=["oss", "ioss", "vat", "sales_tax"])),
            check(
                "tax_number_has_country",
                Q(scheme__in=["oss", "ioss"], country="", region="")
                | Q(scheme__in=["vat", "sales_tax"]) & ~Q(country=""),
                violation_error_message=_(
                    "A VAT or sales tax number needs a country. OSS and IOSS numbers have none."
                ),
            ),
            check(
                "tax_number_ioss_format",
                ~Q(scheme="ioss") | Q(number__regex=r"^IM[0-9]{10}$"),
                violation_error_message=_("An IOSS number is IM followed by ten digits."),
            ),
            check(
                "tax_number_ends_after_it_begins",
                Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
            ),
            unique(
                "tax_number_once_per_place_and_day", ["scheme", "country", "region", "valid_from"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.number}"


ACCOUNT = RegexValidator(r"^[0-9]{4,9}$", _("Use four to nine digits."))


def account_field(label: Any, *, default: str, help_text: Any) -> "models.CharField[str, str]":
    return models.CharField(
        label, max_length=9, default=default, validators=[ACCOUNT], help_text=help_text
    )


class BookingAccounts(models.Model):
    """The accounts that the bookkeeping export books to. At most one row.

    The defaults are the usual accounts of SKR03, a German standard chart of accounts.
    """

    receivables = account_field(
        _("Customers"),
        default="10000",
        help_text=_("One account for all customers. Usual: 10000."),
    )
    payables = account_field(
        _("Suppliers"),
        default="70000",
        help_text=_("One account for all suppliers. Usual: 70000."),
    )
    revenue = account_field(
        _("Revenue with tax"),
        default="8200",
        help_text=_(
            "Net amounts with tax. Choose an account that adds no tax by itself. Usual: 8200"
            " (SKR03), 4200 (SKR04)."
        ),
    )
    untaxed_revenue = account_field(
        _("Revenue without tax"),
        default="8120",
        help_text=_("Amounts without tax, such as exports. Usual: 8120 (SKR03), 4120 (SKR04)."),
    )
    tax = account_field(
        _("Tax"),
        default="1770",
        help_text=_("VAT and sales tax of invoices. Usual: 1770 (SKR03), 3800 (SKR04)."),
    )
    payments = account_field(
        _("Payment gateway"),
        default="1360",
        help_text=_(
            "Money on its way from the gateway to the bank. Usual: 1360 (SKR03), 1460 (SKR04)."
        ),
    )
    bank = account_field(
        _("Bank"),
        default="1200",
        help_text=_("From which supplier invoices are paid. Usual: 1200 (SKR03), 1800 (SKR04)."),
    )
    goods = account_field(
        _("Goods"),
        default="3200",
        help_text=_("Items on supplier invoices. Usual: 3200 (SKR03), 5200 (SKR04)."),
    )
    freight = account_field(
        _("Freight"),
        default="3800",
        help_text=_("Freight on supplier invoices. Usual: 3800 (SKR03), 5800 (SKR04)."),
    )
    currency = models.CharField(
        _("Currency of the books"),
        max_length=3,
        default="EUR",
        help_text=_("Bookings in other currencies name theirs. No amount is converted."),
    )
    consultant = models.PositiveIntegerField(
        _("Consultant number"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1001), MaxValueValidator(9_999_999)],
        help_text=_("Beraternummer of your tax adviser. DATEV asks for it at the import."),
    )
    client = models.PositiveIntegerField(
        _("Client number"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(99_999)],
        help_text=_("Mandantennummer that your tax adviser gave you."),
    )
    year_starts_in = models.PositiveSmallIntegerField(
        _("First month of the fiscal year"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("1 = January."),
    )

    class Meta:
        verbose_name = _("booking accounts")
        verbose_name_plural = _("booking accounts")

    def __str__(self) -> str:
        return f"{self.receivables} … {self.freight}"
