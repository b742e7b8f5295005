"""API models: store idempotency records and the API keys of price programs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """One ``Idempotency-Key`` of one caller; written before the work begins."""

    principal = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    route = models.CharField(max_length=100)
    request_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    response = models.TextField(blank=True)  # JSON

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key


class ApiKey(models.Model):
    """A key with which a program may report competitor prices, and nothing else.

    Only the prefix (``prefix``) and a digest are stored; ``plaintext`` is the plaintext during
    creation.
    """

    plaintext = ""

    name = models.CharField(_("Name"), max_length=60)
    prefix = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)  # accurate to a minute
    revoked_by = models.CharField(max_length=100, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(revoked_at=None),
                name="api_key_name_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name
