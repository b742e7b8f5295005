"""Evidence models: store guarantees with their evidence, and the documents of products."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from babel.numbers import format_decimal
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import cascading_key

STATUTORY_MONTHS = 24
MAX_TEXTS = {"territory": 120, "claim": 400}  # characters in each language


class GuaranteeKind(models.TextChoices):
    """Who guarantees. Only ``PRODUCER`` is a guarantee of durability, which has the EU's label."""

    PRODUCER = "producer", _("Producer: guarantee of durability")
    SELLER = "seller", _("Seller: our own guarantee")
    OTHER = "other", _("Another, such as the importer")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeTerms:
    """What customers read about a guarantee. An order line keeps it as JSON.

    Shape:  ``territory`` and ``claim`` map languages to texts; ``terms_file`` as
            ``ProductDocument.file``
    """

    kind: str
    months: int
    brand: str
    model: str
    guarantor: str
    address: str
    territory: Mapping[str, str]
    claim: Mapping[str, str]
    terms_file: str

    @property
    def has_label(self) -> bool:
        return self.kind == GuaranteeKind.PRODUCER

    def years_in(self, language: str) -> str:
        """Return the duration in years: ``3``, ``2.5``, in Azerbaijani ``2,5``."""
        return str(format_decimal(self.months / 12, locale=language))

    def territory_in(self, language: str) -> str:
        return self.territory.get(language) or self.territory["en"]

    def claim_in(self, language: str) -> str:
        return self.claim.get(language) or self.claim["en"]


def check_not_in_future(day: date) -> None:
    """Raise ValidationError for a day after today."""
    if day > timezone.localdate():
        raise ValidationError(
            _("This day is in the future. Enter today or an earlier day."), code="future"
        )


class ProductGuarantee(models.Model):
    """A guarantee beyond the legal one. A producer's is free, for the entire product, over 2 years.

    Shown with its terms on product page, checkout and confirmation. A supplier's claim such as
    "5 year warranty" is no evidence: staff who saw the terms add the row. A trigger copies
    ``months`` to ``Product.guarantee_months`` (``migrations/sql/guarantees.sql``).
    Source: Directive (EU) 2024/825, article 2
    """

    product = models.OneToOneField(
        Product,
        models.CASCADE,
        related_name="guarantee",
        verbose_name=_("Guaranteed product"),
        help_text=_("The guarantee is shown on its page, in the checkout and in confirmations."),
    )
    kind = models.CharField(
        _("Guarantor"),
        max_length=10,
        choices=GuaranteeKind,
        help_text=_(
            "The EU label is shown only for a producer's guarantee: free of charge, for the entire"
            " product, over two years."
        ),
    )
    model = models.CharField(
        _("Model identifier"),
        max_length=70,
        help_text=_("As the producer states it. Customers see it with the brand."),
    )
    months = models.PositiveSmallIntegerField(
        _("Duration (months)"),
        help_text=_("A producer's guarantee: more than 24, in steps of 6 months."),
    )
    guarantor = models.CharField(
        _("Name of the guarantor"),
        max_length=120,
        help_text=_("The company that gives the guarantee."),
    )
    guarantor_address = models.CharField(
        _("Postal address of the guarantor"), max_length=300, help_text=_("With the country.")
    )
    # language -> text, in all languages of the shop
    territory = models.JSONField(
        _("Territory of validity"),
        help_text=_("Where it is valid, such as European Union."),
    )
    claim = models.JSONField(
        _("How to claim"),
        help_text=_("What a customer does, and what the guarantor then does."),
    )
    evidence = models.CharField(
        _("Evidence seen"),
        max_length=200,
        help_text=_("The document that shows the guarantee, such as guarantee card, edition 3."),
    )
    seen_on = models.DateField(
        _("Evidence seen on"),
        validators=[check_not_in_future],
        help_text=_("The day on which you saw the evidence."),
    )
    # Files as ``ProductDocument.file``; orders refer to the terms. Customers never see the evidence.
    terms_file = models.CharField(_("Terms"), max_length=60)
    terms_sha256 = models.CharField(_("File hash of the terms"), max_length=64)
    evidence_file = models.CharField(_("Stored file"), max_length=60)
    evidence_sha256 = models.CharField(_("File hash"), max_length=64)
    confirmed_by = models.CharField(_("Confirmed by"), max_length=150)
    confirmed_at = models.DateTimeField(_("Confirmed"), auto_now=True)

    class Meta:
        verbose_name = _("guarantee")
        verbose_name_plural = _("guarantees")
        constraints = [
            check(
                "guarantee_over_two_years",
                ~Q(kind=GuaranteeKind.PRODUCER)
                | (Q(months__gt=STATUTORY_MONTHS) & Q(months=F("months") / 6 * 6)),
                violation_error_message=_(
                    "A producer's guarantee lasts more than 24 months, in steps of 6."
                ),
            ),
            check(
                "guarantee_has_duration",
                Q(months__gt=0),
                violation_error_message=_("Enter the number of months."),
            ),
            check("guarantee_kind_is_known", Q(kind__in=GuaranteeKind.values)),
            check(
                "guarantee_has_its_terms",
                ~Q(model="")
                & ~Q(guarantor="")
                & ~Q(guarantor_address="")
                & ~Q(terms_file="")
                & Q(territory__has_key="en")
                & Q(claim__has_key="en"),
            ),
            check(
                "guarantee_has_evidence",
                ~Q(evidence="") & ~Q(evidence_file="") & ~Q(confirmed_by=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.months}"

    @property
    def terms(self) -> GuaranteeTerms:
        """Return what customers read. Reads ``product.brand``."""
        return GuaranteeTerms(
            kind=self.kind,
            months=self.months,
            brand=self.product.brand.name,
            model=self.model,
            guarantor=self.guarantor,
            address=self.guarantor_address,
            territory=self.territory,
            claim=self.claim,
            terms_file=self.terms_file,
        )


class ProductDocumentQuerySet(models.QuerySet["ProductDocument"]):
    def expired(self, day: date) -> Self:
        """Return documents that are no longer valid on a day; ``valid_until`` is included."""
        return self.filter(valid_until__lt=day)

    def shown(self, day: date) -> Self:
        """Return documents that customers may download on a day."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), is_public=True)


class ProductDocument(models.Model):
    """A document of a product. ``file`` is a name generated by the shop, in private storage."""

    class Kind(models.TextChoices):
        DECLARATION = "declaration", _("Declaration of conformity")
        TEST_REPORT = "test_report", _("Test report")
        UN_38_3 = "un_38_3", _("UN 38.3 test summary")
        SAFETY_DATA_SHEET = "safety_data_sheet", _("Safety data sheet")
        MANUAL = "manual", _("User manual")

    product = cascading_key(
        Product, "documents", _("Product"), help_text=_("The product that the document is about.")
    )
    kind = models.CharField(
        _("Document type"),
        max_length=20,
        choices=Kind,
        help_text=_("The name under which customers see the document."),
    )
    language = models.CharField(
        _("Language code"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[a-z]{2}$", _("Enter two letters, such as en."))],
        help_text=_("Two letters, such as en. Empty = several languages."),
    )
    issued_on = models.DateField(
        _("Date of issue"), null=True, blank=True, help_text=_("As stated in the document.")
    )
    # inclusive
    valid_until = models.DateField(
        _("Valid until"),
        null=True,
        blank=True,
        help_text=_("As stated in the document. Empty = no expiry."),
    )
    is_public = models.BooleanField(
        _("Visible to customers"),
        default=False,
        help_text=_("If on, the product page offers it as a download until it expires."),
    )
    file = models.CharField(_("Stored file"), max_length=60)
    file_sha256 = models.CharField(_("File hash"), max_length=64)
    added_by = models.CharField(_("Added by"), max_length=150)
    added_at = models.DateTimeField(_("Added"), auto_now_add=True)

    objects = ProductDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("product document")
        verbose_name_plural = _("product documents")
        constraints = [
            check(
                "product_document_ends_after_issue",
                Q(issued_on=None) | Q(valid_until=None) | Q(valid_until__gte=F("issued_on")),
                violation_error_message=_("The document expires before it is issued."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.language}".strip()
