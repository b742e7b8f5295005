"""Guarantee models: store the guarantees of durability that producers give, with their evidence."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product
from storefront.lib.db.constraints import check

STATUTORY_MONTHS = 24


class DurabilityGuarantee(models.Model):
    """A producer's guarantee of durability: free of charge, for the entire product, over two years.

    Shown with its terms on product page, checkout and confirmation. A supplier's claim such as
    "5 year warranty" is no evidence: staff who saw the terms add the row. A trigger copies
    ``months`` to ``Product.warranty_months`` (``migrations/sql/guarantees.sql``).
    Source: Directive (EU) 2024/825, article 2
    """

    product = models.OneToOneField(
        Product,
        models.CASCADE,
        related_name="guarantee",
        verbose_name=_("Guaranteed product"),
        help_text=_("The guarantee is shown on its page, in the checkout and in confirmations."),
    )
    months = models.PositiveSmallIntegerField(
        _("Duration (months)"),
        help_text=_("More than 24, in steps of 6 months. For the entire product, free of charge."),
    )
    guarantor = models.CharField(
        _("Name of the guarantor"),
        max_length=120,
        help_text=_("The producer that gives the guarantee."),
    )
    guarantor_address = models.CharField(
        _("Postal address of the guarantor"), max_length=300, help_text=_("With the country.")
    )
    territory = models.CharField(
        _("Territory of validity"),
        max_length=120,
        help_text=_("Where it is valid, such as European Union."),
    )
    claim = models.CharField(
        _("How to claim"),
        max_length=400,
        help_text=_("What a customer does, and what the guarantor then does."),
    )
    terms_url = models.URLField(
        _("Terms (link)"), max_length=400, help_text=_("The page or document of the producer.")
    )
    evidence = models.CharField(
        _("Evidence seen"), max_length=200, help_text=_("The document that you saw, with its date.")
    )
    confirmed_by = models.CharField(_("Confirmed by"), max_length=150)
    confirmed_at = models.DateTimeField(_("Confirmed"), auto_now=True)

    class Meta:
        verbose_name = _("durability guarantee")
        verbose_name_plural = _("durability guarantees")
        constraints = [
            check(
                "guarantee_over_two_years",
                Q(months__gt=STATUTORY_MONTHS) & Q(months=F("months") / 6 * 6),
                violation_error_message=_("Enter more than 24 months, in steps of 6."),
            ),
            check(
                "guarantee_has_its_terms",
                ~Q(guarantor="") & ~Q(guarantor_address="") & ~Q(territory="") & ~Q(claim=""),
            ),
            check("guarantee_has_evidence", ~Q(terms_url="") & ~Q(evidence="")),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.months}"

    @property
    def years(self) -> str:
        """Return the duration in years: ``3`` or ``2.5``."""
        return f"{self.months / 12:g}"
