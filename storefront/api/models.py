"""Requests we promised to do only once."""

from __future__ import annotations

from django.db import models


class IdempotencyRecord(models.Model):
    """One ``Idempotency-Key`` of one caller; written before the work begins."""

    principal = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    route = models.CharField(max_length=100)
    request_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    response = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key
