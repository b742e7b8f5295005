"""Identity models: store who runs the shop, in which database, its legal texts and artwork."""

from django.conf import settings
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import check, unique

PREFIX = r"^[A-Z0-9]{1,6}$"


class ShopIdentity(models.Model):
    """The shop's identity. At most one row; without it the shop is a demonstration."""

    name = models.CharField(
        _("Shop name"),
        max_length=60,
        help_text=_("Shown on every page and as the sender of e-mails."),
    )
    company = models.CharField(
        _("Company"), max_length=120, help_text=_("The legal name with its legal form.")
    )
    # as in a postal address, one line each
    address = models.TextField(
        _("Address"), max_length=400, help_text=_("Street, postcode, city, country: one line each.")
    )
    email = models.EmailField(
        _("Contact e-mail"),
        max_length=254,
        help_text=_("Customers write to this address; your staff read it."),
    )
    phone = models.CharField(
        _("Phone"), max_length=40, help_text=_("With the country code, such as +372 555 0100.")
    )
    register_entry = models.CharField(
        _("Commercial register"),
        max_length=120,
        blank=True,
        help_text=_("Court and number. Leave empty if there is none."),
    )
    vat_id = models.CharField(
        _("VAT ID"),
        max_length=40,
        blank=True,
        help_text=_("With the country code. Leave empty if there is none."),
    )
    review_url = models.URLField(
        _("Review page"),
        blank=True,
        help_text=_(
            "Where customers review the shop, such as your page on a review site. Customers who"
            " agree are asked once after a delivery. If empty, no one is asked."
        ),
        validators=[URLValidator(schemes=["https"])],
    )
    # Invoice numbers are consecutive per prefix and year.
    country = models.CharField(
        _("Country of the company"),
        max_length=2,
        validators=[
            RegexValidator(r"^[A-Z]{2}$", _("Enter a two-letter country code, such as DE."))
        ],
        help_text=_(
            "Two-letter country code, such as DE. Invoices follow the rules of this country."
        ),
    )
    invoice_prefix = models.CharField(
        _("Prefix of invoice numbers"),
        max_length=6,
        default="INV",
        validators=[RegexValidator(PREFIX, _("Use one to six capital letters or digits."))],
        help_text=_(
            "Capital letters and digits. A new prefix starts a new series. Türkiye requires three"
            " characters."
        ),
    )
    credit_note_prefix = models.CharField(
        _("Prefix of credit note numbers"),
        max_length=6,
        default="CRN",
        validators=[RegexValidator(PREFIX, _("Use one to six capital letters or digits."))],
        help_text=_("Must differ from the prefix of invoice numbers."),
    )

    # The brand. The logo is kept here, as guarantee artwork is: one backup holds all of it.
    logo = models.BinaryField(_("Logo"), null=True)
    # digest of the logo and its format; empty without a logo
    logo_name = models.CharField(_("Logo file"), max_length=70, blank=True, db_default="")
    logo_alt = models.CharField(
        _("Text of the logo"),
        max_length=60,
        blank=True,
        db_default="",
        help_text=_(
            "Screen readers read it; it is shown if pictures are off. Empty: the shop name."
        ),
    )
    accent_color = models.CharField(
        _("Button color"),
        max_length=7,
        blank=True,
        db_default="",
        help_text=_(
            "Such as #ffc23d, for the light and the dark theme. Empty: the built-in color."
        ),
    )
    accent_text_color = models.CharField(
        _("Text color on buttons"),
        max_length=7,
        blank=True,
        db_default="",
        help_text=_("Such as #1a1300. Its contrast to the button color must be 4.5 to 1."),
    )
    sender_name = models.CharField(
        _("Name of the sender"),
        max_length=60,
        blank=True,
        db_default="",
        help_text=_("The sender of e-mails. Empty: the shop name."),
    )
    reply_to = models.EmailField(
        _("Reply address"),
        max_length=254,
        blank=True,
        db_default="",
        help_text=_("Replies to e-mails go here. Empty: to the address that sends them."),
    )
    footer_en = models.TextField(
        _("E-mail footer, English"), max_length=500, blank=True, db_default=""
    )
    footer_az = models.TextField(
        _("E-mail footer, Azerbaijani"), max_length=500, blank=True, db_default=""
    )

    class Meta:
        verbose_name = _("shop identity")
        verbose_name_plural = _("shop identity")
        constraints = [
            check("one_shop_identity", models.Q(pk=1)),
            check(
                "shop_identity_prefixes_differ",
                ~models.Q(invoice_prefix=models.F("credit_note_prefix")),
                violation_error_message=_("Invoices and credit notes need different prefixes."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LegalText(models.Model):
    """Replaces a built-in text. Empty lines separate paragraphs, ``# `` starts a heading."""

    class Page(models.TextChoices):
        CONTACT = "contact", _("Contact")
        DELIVERY = "delivery", _("Delivery")
        RETURNS = "returns", _("Returns")
        WITHDRAWAL = "withdrawal", _("Withdraw from a contract")
        PRIVACY = "privacy", _("Privacy")
        TERMS = "terms", _("Terms")
        IMPRINT = "imprint", _("Imprint")
        ACCESSIBILITY = "accessibility", _("Accessibility")

    page = models.CharField(
        _("Page"), max_length=20, choices=Page, help_text=_("This text replaces the built-in one.")
    )
    language = models.CharField(
        _("Language"),
        max_length=5,
        choices=settings.LANGUAGES,
        help_text=_("If a language has no text, the page shows another language."),
    )
    text = models.TextField(
        _("Text"),
        max_length=100_000,
        help_text=_("An empty line starts a paragraph. A line that begins with # is a heading."),
    )

    class Meta:
        verbose_name = _("legal text")
        verbose_name_plural = _("legal texts")
        constraints = [unique("legal_text_once", ["page", "language"])]

    def __str__(self) -> str:
        return f"{self.page} {self.language}"


class GuaranteeArtwork(models.Model):
    """An official file of the EU about guarantees in one language, unaltered.

    Source: Implementing Regulation (EU) 2025/1960; required from 27 September 2026
    """

    class Kind(models.TextChoices):
        NOTICE = "notice", _("Notice of the legal guarantee")
        LABEL = "label", _("Label of a producer's guarantee of durability")

    class Format(models.TextChoices):
        SVG = "svg", _("SVG")
        PNG = "png", _("PNG")

    kind = models.CharField(
        _("Artwork"),
        max_length=10,
        choices=Kind,
        help_text=_(
            "The notice is shown for all products, the label for those with a producer's guarantee."
        ),
    )
    language = models.CharField(
        _("Language"),
        max_length=5,
        choices=settings.LANGUAGES,
        help_text=_("Pages in a language without artwork show the English one."),
    )
    format = models.CharField(_("Format"), max_length=3, choices=Format)
    content = models.BinaryField(_("File"))
    digest = models.CharField(_("Digest (SHA-256)"), max_length=64)
    uploaded_at = models.DateTimeField(_("Uploaded"), auto_now=True)

    class Meta:
        verbose_name = _("guarantee artwork")
        verbose_name_plural = _("guarantee artwork")
        constraints = [unique("guarantee_artwork_once", ["kind", "language"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.language}"


class LiveDatabase(models.Model):
    """The database that the shop works in, of which every other one is a copy. At most one row.

    A restored backup still names the database that it was taken from (``live_database``).
    """

    # of the PostgreSQL cluster and, within it, of the database; 0 and 0: paused by an operator
    system_identifier = models.BigIntegerField(_("Cluster"))
    database_oid = models.BigIntegerField(_("Database"))
    # Empty until staff switch on a copy.
    switched_on_at = models.DateTimeField(_("Switched on"), null=True)
    switched_on_by = models.CharField(_("Switched on by"), max_length=100, blank=True)
    backed_up_at = models.DateTimeField(_("Last backup"), null=True)

    class Meta:
        verbose_name = _("live database")
        verbose_name_plural = _("live databases")
        constraints = [check("one_live_database", models.Q(pk=1))]

    def __str__(self) -> str:
        return f"{self.system_identifier}/{self.database_oid}"
