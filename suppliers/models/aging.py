"""How old a supplier's figures may be: what staff agree to believe of him, and for how long."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q, TextChoices
from django.utils.translation import gettext_lazy as _

# The catalog takes no claim that is older for a promise (``catalog.models.listings.STALE_AFTER``).
OLDEST_MIN = 24 * 60


class Unanswered(TextChoices):
    """What to do at checkout when a supplier does not answer in time."""

    BELIEVE = "believe", _("Believe his last figure")  # his last figure, less what its age costs
    # sell nothing of his that was not confirmed
    REFUSE = "refuse", _("Sell nothing that he did not confirm")


class FiguresAge(models.Model):
    """The service level of a supplier's figures, as columns of ``Supplier``; minutes are ages.

    A stock figure is believed whole, then an hour costs ``stock_grows_units`` and
    ``stock_grows_percent`` of it, then it is hidden. ``stock_accuracy`` is the share of his
    promises that he kept, from his scorecard, and makes the growth faster.
    """

    stock_believed_min = models.PositiveIntegerField(default=180)
    stock_grows_units = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    stock_grows_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(2))
    stock_told_min = models.PositiveIntegerField(default=360)  # then pages say how old it is
    stock_hidden_min = models.PositiveIntegerField(default=OLDEST_MIN)
    stock_accuracy = models.DecimalField(max_digits=5, decimal_places=4, null=True, editable=False)
    # At checkout, if it is older: twice as long as a sync of stock takes to come again, so that a
    # shopper waits for an answer where a sync was missed, and not at every second checkout.
    asked_after_min = models.PositiveIntegerField(default=30)
    asked_below = models.PositiveIntegerField(default=2)  # or if it would leave so few
    unanswered = models.CharField(max_length=10, choices=Unanswered, default=Unanswered.BELIEVE)
    cost_hidden_min = models.PositiveIntegerField(default=72 * 60)
    cut_off_hour = models.PositiveSmallIntegerField(null=True, blank=True)  # UTC; later is tomorrow
    costs_as_of = models.DateTimeField(null=True, editable=False)
    costs_aged_at = models.DateTimeField(
        null=True, editable=False
    )  # see suppliers.inventory.confirmations

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(stock_believed_min__lte=F("stock_hidden_min"))
                & Q(stock_hidden_min__lte=OLDEST_MIN),
                name="supplier_stock_ages_in_order",
            ),
            models.CheckConstraint(
                condition=Q(stock_grows_units__gte=0) & Q(stock_grows_percent__gte=0),
                name="supplier_buffer_does_not_shrink",
            ),
            models.CheckConstraint(
                condition=Q(unanswered__in=["believe", "refuse"]),
                name="supplier_unanswered_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cut_off_hour__isnull=True) | Q(cut_off_hour__lte=23),
                name="supplier_cut_off_is_an_hour",
            ),
        ]

    @property
    def aged_under(self) -> str:
        """Name the terms, so that pages made under other ones are found."""
        numbers = (
            self.stock_believed_min,
            self.stock_hidden_min,
            self.stock_told_min,
            self.stock_grows_units.normalize(),
            self.stock_grows_percent.normalize(),
            self.stock_accuracy and self.stock_accuracy.normalize(),
            self.cost_hidden_min,
        )
        return "/".join(str(number) for number in numbers)
