"""Dashboard models: store inbox assignments, broken invariants and invariant check runs."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Taken(models.Model):
    """One thing that waits, in the hands of one person; others need not look at it.

    It counts for this waiting only: what waits anew, since later, is nobody's.

    Shape:  ``cause`` and ``row`` as ``inbox.query`` finds them
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


class BrokenInvariant(models.Model):
    """A sentence that must always be true, and was not when it was asked last.

    Shape:  ``rows`` are the first of ``count`` that offend; ``since`` it was found broken first
    """

    code = models.CharField(max_length=60, unique=True)
    sentence = models.CharField(max_length=300)
    count = models.PositiveIntegerField()
    rows = models.JSONField(encoder=DjangoJSONEncoder)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Checkup(models.Model):
    """One time that all invariants were asked.

    Shape:  ``newest_supply`` is the newest row of supply to be published at that moment, which
            tells how old those are that carry no time themselves
    """

    at = models.DateTimeField()
    newest_supply = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["at"], name="checkup_by_time")]

    def __str__(self) -> str:
        return str(self.at)
