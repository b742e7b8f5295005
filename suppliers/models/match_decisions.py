"""Match models: store likely duplicates, what staff decided about them, and how to undo it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Brand, Variant
from storefront.lib.db.fields import cascading_key, protected_key
from suppliers.models.offers import SupplierOffer


class MatchDecision(models.Model):
    """A decision of staff about an offer, or about a second variant. Append-only, but for ``undone_at``.

    Shape: ``variant`` is the one that was compared with ``offer`` or ``other``; ``before`` is what
        an undo restores, as the package ``matches`` wrote it
    """

    class Kind(models.TextChoices):
        LINK = "link", _("Offer")
        IDENTIFIER = "identifier", _("Identifier")
        MERGE = "merge", _("Merge")
        SPLIT = "split", _("Split")
        PAIR = "pair", _("Not a duplicate")

    class Answer(models.TextChoices):
        SAME = "same", _("Same item")
        DIFFERENT = "different", _("Different items")

    variant = protected_key(Variant, "+", _("Variant"))
    offer = protected_key(SupplierOffer, "+", _("Offer"), null=True)
    other = protected_key(Variant, "+", _("Other variant"), null=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind)
    answer = models.CharField(_("Decision"), max_length=10, choices=Answer)
    actor = models.CharField(_("Decided by"), max_length=150)
    at = models.DateTimeField(_("When"))
    before = models.JSONField(_("Previous values"), default=dict, blank=True)
    undone_at = models.DateTimeField(_("Undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("match decision")
        verbose_name_plural = _("match decisions")
        constraints = [
            models.CheckConstraint(
                condition=Q(offer__isnull=False, other__isnull=True)
                | Q(offer__isnull=True, other__isnull=False),
                name="match_decision_is_about_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant}: {self.get_answer_display()}"


class DuplicateCandidate(models.Model):
    """Two variants of ours that are likely the same item. Rewritten by each search.

    Shape: ``evidence`` and ``contradictions`` are names as ``offers.identity`` has them
    """

    variant = cascading_key(Variant, "+", _("Variant"), db_index=False)
    other = cascading_key(Variant, "+", _("Other variant"))
    evidence = models.JSONField(_("Evidence"), default=list)
    contradictions = models.JSONField(_("Differences"), default=list)
    confidence = models.DecimalField(_("Confidence"), max_digits=3, decimal_places=2)
    found_at = models.DateTimeField(_("Found"))

    class Meta:
        verbose_name = _("duplicate")
        verbose_name_plural = _("duplicates")
        constraints = [
            models.UniqueConstraint(fields=["variant", "other"], name="duplicate_once_per_pair"),
            models.CheckConstraint(
                condition=Q(variant__lt=F("other")), name="duplicate_pair_is_ordered"
            ),
        ]
        indexes = [models.Index(fields=["-confidence", "id"], name="duplicate_by_confidence")]

    def __str__(self) -> str:
        return f"{self.variant} / {self.other}"


class BrandMerge(models.Model):
    """A brand that staff merged into another one. Append-only, but for ``undone_at``."""

    brand = protected_key(Brand, "+", _("Brand"))
    other = protected_key(Brand, "+", _("Merged brand"))
    actor = models.CharField(_("Decided by"), max_length=150)
    at = models.DateTimeField(_("When"))
    before = models.JSONField(_("Previous values"), default=dict, blank=True)
    undone_at = models.DateTimeField(_("Undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("brand merge")
        verbose_name_plural = _("brand merges")
        constraints = [
            models.CheckConstraint(
                condition=~Q(brand=F("other")), name="brand_merge_is_of_two_brands"
            )
        ]

    def __str__(self) -> str:
        return f"{self.other} -> {self.brand}"
