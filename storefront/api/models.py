"""API models: store idempotency records, API keys with their scopes, and bulk jobs."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import cascading_key


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


class Scope(models.TextChoices):
    """What a key may do. Values are part of the API and never change."""

    PRODUCTS_READ = "products:read", _("Read products, images, categories and listings")
    PRODUCTS_WRITE = "products:write", _("Create and change products and variants")
    PRICES_READ = "prices:read", _("Read prices and how they are calculated")
    PRICES_WRITE = "prices:write", _("Set prices")
    COMPETITOR_PRICES_WRITE = "competitor_prices:write", _("Send competitor prices")
    INVENTORY_READ = "inventory:read", _("Read stock")
    INVENTORY_WRITE = "inventory:write", _("Set stock")
    SUPPLIERS_READ = "suppliers:read", _("Read suppliers and their sync runs")
    COSTS_READ = "costs:read", _("Read costs, margins and the suppliers of items")
    ORDERS_READ = "orders:read", _("Read orders, purchase orders, parcels and returns")
    ORDERS_WRITE = "orders:write", _("Create, change and cancel orders, add tracking")
    REFUNDS_WRITE = "refunds:write", _("Refund customers")
    CUSTOMERS_READ = "customers:read", _("Read names, addresses and contacts of customers")
    JOBS_READ = "jobs:read", _("Read the results of bulk jobs")
    WEBHOOKS_READ = "webhooks:read", _("Read events and webhook subscriptions")
    WEBHOOKS_WRITE = "webhooks:write", _("Create and change webhook subscriptions")


class ApiKey(models.Model):
    """A key of a program, limited to its scopes; stores a prefix and a digest of ``plaintext``."""

    plaintext = ""

    name = models.CharField(
        _("Name"),
        max_length=60,
        help_text=_("Program that uses the key. What it changes carries this name."),
    )
    # also the client ID of OAuth 2.0
    prefix = models.CharField(_("Prefix"), max_length=20, unique=True)
    digest = models.CharField(_("Hash"), max_length=64, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=30),
        verbose_name=_("Scopes"),
        help_text=_("Choose only what the program needs. They cannot be changed later."),
    )
    expires_at = models.DateTimeField(
        _("Expires"),
        null=True,
        blank=True,
        help_text=_("The key stops working then. Leave empty if it is not to expire."),
    )
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

    @property
    def actor(self) -> str:
        """The name of the key in the history of what it changes."""
        return f"key {self.name}"

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class BulkJob(models.Model):
    """Up to 1,000 writes that a worker does one by one, for one key."""

    class Operation(models.TextChoices):
        PRODUCTS = "products", _("Change products")
        VARIANTS = "variants", _("Change variants")
        PRICES = "prices", _("Set prices")
        STOCK = "stock", _("Set stock")

    key = cascading_key(ApiKey, "jobs", _("API key"))
    operation = models.CharField(_("Operation"), max_length=10, choices=Operation)
    created_at = models.DateTimeField(_("Created"))
    completed_at = models.DateTimeField(_("Completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        constraints = [
            check(
                "bulk_job_operation_is_known",
                Q(operation__in=["products", "variants", "prices", "stock"]),
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(completed_at=None), name="bulk_job_due")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_operation_display()}"


class BulkJobRow(models.Model):
    """One write of a job. Its result is stored in the transaction of the write."""

    class Result(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    job = cascading_key(BulkJob, "rows", _("Bulk job"), db_index=False)
    position = models.PositiveSmallIntegerField(_("Row"))
    values = models.JSONField(_("Values"))
    result = models.CharField(_("Result"), max_length=10, choices=Result, default=Result.PENDING)
    # of a refusal, or of a price that was adjusted or held
    detail = models.JSONField(_("Details"), default=dict)

    class Meta:
        verbose_name = _("row of a bulk job")
        verbose_name_plural = _("rows of a bulk job")
        constraints = [
            unique("bulk_job_row_once", ["job", "position"]),
            check("bulk_job_result_is_known", Q(result__in=["pending", "done", "refused"])),
        ]

    def __str__(self) -> str:
        return f"{self.job}, {self.position}"
