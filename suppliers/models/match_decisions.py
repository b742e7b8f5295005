"""Match decision model: store what staff decided about a doubtful match, and how to undo it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from suppliers.models.offers import SupplierOffer


class MatchDecision(models.Model):
    """A decision of staff about an offer, or about a second variant. Append-only, but for ``undone_at``.

    Shape: ``variant`` is the one that was compared with ``offer`` or ``other``; ``before`` is what
        an undo restores, as ``offers.match_review`` wrote it
    """

    class Answer(models.TextChoices):
        SAME = "same", _("Same item")
        DIFFERENT = "different", _("Different items")

    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="+", verbose_name=_("Variant")
    )
    offer = models.ForeignKey(
        SupplierOffer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Offer"),
    )
    other = models.ForeignKey(
        Variant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Other variant"),
    )
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
