"""API models: store idempotency records and the API keys of price programs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique


class IdempotencyRecord(models.Model):
    """One ``Idempotency-Key`` of one caller; written before the work begins."""

    principal = models.CharField(_("Client"), max_length=64)
    key = models.CharField(_("Idempotency key"), max_length=255)
    route = models.CharField(_("Request"), max_length=100)
    request_digest = models.CharField(_("Request hash"), max_length=64)
    started_at = models.DateTimeField(_("Started"))
    done_at = models.DateTimeField(_("Completed"), null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    response = models.TextField(_("Response"), blank=True)  # JSON

    class Meta:
        verbose_name = _("idempotent response")
        verbose_name_plural = _("idempotent responses")
        constraints = [unique("idempotency_key_once", ["principal", "key"])]

    def __str__(self) -> str:
        return self.key


class ApiKey(models.Model):
    """A key that only sends competitor prices; stores a prefix and a digest of ``plaintext``."""

    plaintext = ""

    name = models.CharField(
        _("Name"),
        max_length=60,
        help_text=_("Owner of the key. Prices sent with this key carry this name."),
    )
    prefix = models.CharField(_("Prefix"), max_length=20)
    digest = models.CharField(_("Hash"), max_length=64, unique=True)
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    # accurate to a minute
    last_used_at = models.DateTimeField(_("Last used"), null=True, blank=True)
    revoked_by = models.CharField(_("Revoked by"), max_length=100, blank=True)
    revoked_at = models.DateTimeField(_("Revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [unique("api_key_name_once", ["name"], condition=Q(revoked_at=None))]

    def __str__(self) -> str:
        return self.name
