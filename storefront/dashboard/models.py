"""Who has taken what waits for a person."""

from __future__ import annotations

from django.db import models


class Taken(models.Model):
    """One thing that waits, in the hands of one person; others need not look at it.

    It counts for this waiting only: what waits anew, since later, is nobody's.

    Shape:  ``cause`` and ``row`` as ``stuck`` finds them
    """

    cause = models.SlugField(max_length=40)
    row = models.BigIntegerField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "taken"
        constraints = [
            models.UniqueConstraint(fields=["cause", "row"], name="taken_by_one_person"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"
