"""Dashboard models: store inbox assignments, broken invariants and invariant check runs."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class InboxAssignment(models.Model):
    """Assignment of an inbox row to one user; valid until the row leaves the inbox.

    ``cause`` is the code of the rule, ``row`` the id of its row.
    """

    cause = models.SlugField(max_length=40)
    row = models.BigIntegerField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "taken"
        constraints = [
            models.UniqueConstraint(fields=["cause", "row"], name="inbox_assignment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"


class InvariantViolation(models.Model):
    """An invariant that was violated at the last check.

    ``rows`` are the first of ``count`` violations; ``since`` is when it was first found.
    """

    code = models.CharField(max_length=60, unique=True)
    sentence = models.CharField(max_length=300)
    count = models.PositiveIntegerField()
    rows = models.JSONField(encoder=DjangoJSONEncoder)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class InvariantCheckRun(models.Model):
    """One check of all invariants.

    ``newest_unpublished_supply`` is the newest ``PendingPublication`` at that time, which dates
    those rows, since they have no time of their own.
    """

    at = models.DateTimeField()
    newest_unpublished_supply = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["at"], name="checkup_by_time")]

    def __str__(self) -> str:
        return str(self.at)
