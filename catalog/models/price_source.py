"""Whom we ask by the clock what others ask for our goods."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.enums import Dialect
from catalog.models.competitors import CompetitorFile
from storefront.lib.security.encryption import SealedField

# Nobody answers within less than the next question: see ``competitor_fetching.TOTAL_S``.
# A price counts for 7 days: between two answers, one may fail.
OFTENEST_MIN, SELDOMEST_MIN = 5, 3 * 24 * 60


class CompetitorSource(models.Model):
    """An address that tells competitors' prices, and how it went the last times.

    ``secret_sealed`` goes with each question in ``header``. ``remembered`` are the marks by which
    the list that we have is known again. ``problem`` says in words why the last try brought
    nothing, and ``failing_since`` when that began.
    """

    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=500)
    dialect = models.CharField(
        max_length=10,
        choices=[(Dialect.CSV.value, "CSV"), (Dialect.JSON.value, "JSON")],
        default=Dialect.CSV.value,
    )
    every_min = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(OFTENEST_MIN), MaxValueValidator(SELDOMEST_MIN)],
    )
    is_on = models.BooleanField(default=True)
    header = models.CharField(max_length=60, blank=True)
    secret_sealed = SealedField(blank=True)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)  # the last try that went well
    problem = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    remembered: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)
    last_file = models.ForeignKey(
        CompetitorFile, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(every_min__gte=OFTENEST_MIN, every_min__lte=SELDOMEST_MIN),
                name="competitor_source_is_asked_in_time",
            ),
            models.CheckConstraint(
                condition=Q(header="", secret_sealed="") | (~Q(header="") & ~Q(secret_sealed="")),
                name="competitor_source_secret_has_header",
            ),
        ]

    def __str__(self) -> str:
        return self.name
