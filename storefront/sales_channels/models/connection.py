"""Store connection models: store the access to a channel's store, and the runs against it."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import cascading_key
from storefront.lib.security.encryption import EncryptedTextField
from storefront.lib.state_machine import Stateful


class PlatformCode(models.TextChoices):
    """The platforms; ``platforms.PLATFORMS`` has the adapter of each."""

    SHOPIFY = "shopify", _("Shopify")
    WOOCOMMERCE = "woocommerce", _("WooCommerce")
    BIGCOMMERCE = "bigcommerce", _("BigCommerce")


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def publishing(self) -> Self:
        return self.filter(status="active", is_publishing=True)


class Connection(Stateful):
    """The access to the store of one channel, and what is published there.

    ``secrets_encrypted`` has the keys of ``Platform.SECRETS``, ``options`` those of
    ``Platform.OPTIONS``. A paused connection makes no call until staff resume it. A disconnected
    one keeps its rows, so that orders taken before keep their history.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISCONNECTED = "disconnected", _("Disconnected")

    TRANSITIONS: ClassVar = {
        Status.ACTIVE: frozenset({Status.PAUSED, Status.DISCONNECTED}),
        Status.PAUSED: frozenset({Status.ACTIVE, Status.DISCONNECTED}),
        Status.DISCONNECTED: frozenset({Status.ACTIVE}),
    }

    channel = models.OneToOneField(
        Channel,
        models.PROTECT,
        related_name="store_connection",
        verbose_name=_("Channel"),
        help_text=_(
            "Sets the assortment, prices and currency of the store. One store per channel."
        ),
    )
    platform = models.CharField(
        _("Platform"),
        max_length=20,
        choices=PlatformCode,
        help_text=_("The system that the store runs on. Cannot be changed later."),
    )
    base_url = models.CharField(
        _("Store address"),
        max_length=200,
        help_text=_("Such as https://example.myshopify.com, without keys or passwords."),
    )
    secrets_encrypted = EncryptedTextField(_("Encrypted secrets"), blank=True)
    options = models.JSONField(_("Store options"), default=dict, blank=True)
    status = models.CharField(
        _("Status"), max_length=15, choices=Status, default=Status.PAUSED, db_index=False
    )
    status_since = models.DateTimeField(_("Since"))
    # why it is paused or disconnected; empty: staff did it without a reason
    status_reason = models.CharField(_("Reason"), max_length=300, blank=True)
    # set if we lost access: staff have to act
    is_unauthorized = models.BooleanField(_("Access refused"), default=False)
    is_publishing = models.BooleanField(
        _("Publish listings"),
        default=True,
        help_text=_("If off, products, prices and stock are not sent. Orders are still imported."),
    )
    stock_buffer = models.PositiveSmallIntegerField(
        _("Stock buffer (units)"),
        default=0,
        help_text=_("Units of each variant that are not offered in this store. 0 = none."),
    )
    requires_gtin = models.BooleanField(
        _("Require a GTIN"),
        default=False,
        help_text=_("If on, a product is published only when each of its variants has a GTIN."),
    )
    refuse_after_hours = models.PositiveSmallIntegerField(
        _("Refuse orders after (hours)"),
        default=24,
        help_text=_(
            "A paid order that is out of stock or undeliverable waits this long. Then it is canceled "
            "and refunded in the store. 0 = at once."
        ),
    )
    notifies_customers = models.BooleanField(
        _("Send our e-mails"),
        default=False,
        help_text=_(
            "If on, customers of this store get our e-mails about their orders. Turn off those of "
            "the store first, or customers get both."
        ),
    )
    # Earlier orders are the store's own. Empty: since it became active.
    orders_since = models.DateTimeField(_("Orders imported since"), null=True, blank=True)
    # the store's time of the newest order that was read
    orders_until = models.DateTimeField(_("Orders read until"), null=True, blank=True)
    # as the store describes itself, when it was last checked (``Platform.check``, ``.identity``)
    store_identity = models.CharField(_("Store ID"), max_length=200, blank=True)
    store_name = models.CharField(_("Store name"), max_length=200, blank=True)
    checked_at = models.DateTimeField(_("Last checked"), null=True, blank=True)
    check_problem = models.CharField(_("Check result"), max_length=500, blank=True)
    # when the last publication or drift check failed, and why; empty after a success
    problem = models.CharField(_("Problem"), max_length=500, blank=True)
    problem_at = models.DateTimeField(_("Problem since"), null=True, blank=True)
    drift_checked_at = models.DateTimeField(_("Last drift check"), null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("store connection")
        verbose_name_plural = _("store connections")
        constraints = [
            check(
                "store_connection_status_is_known",
                models.Q(status__in=["active", "paused", "disconnected"]),
            ),
            check(
                "store_connection_platform_is_known",
                models.Q(platform__in=["shopify", "woocommerce", "bigcommerce"]),
            ),
        ]

    def __str__(self) -> str:
        return self.channel.code

    @property
    def imports_orders_since(self) -> datetime:
        """The moment from which orders of the store are ours; others were handled without us."""
        return self.orders_since or self.status_since

    @property
    def is_bound(self) -> bool:
        """Whether its listings and orders belong to the store that ``store_identity`` names."""
        return self.store_identity != "" and self.orders_since is not None

    @property
    def breaker_key(self) -> str:
        """The name of its circuit breaker."""
        return f"store:{self.pk}"


class ChannelRun(models.Model):
    """One publication or drift check of a connection that made calls."""

    class Kind(models.TextChoices):
        PUBLICATION = "publication", _("Publication")
        DRIFT = "drift", _("Drift check")

    connection = cascading_key(Connection, "runs", _("Store connection"), db_index=False)
    kind = models.CharField(_("Kind"), max_length=15, choices=Kind)
    started_at = models.DateTimeField(_("Started"))
    ended_at = models.DateTimeField(_("Ended"))
    calls = models.PositiveIntegerField(_("Calls"), default=0)
    products = models.PositiveIntegerField(_("Products written"), default=0)
    prices = models.PositiveIntegerField(_("Prices written"), default=0)
    quantities = models.PositiveIntegerField(_("Quantities written"), default=0)
    refused = models.PositiveIntegerField(_("Refused"), default=0)
    found = models.PositiveIntegerField(_("Differences found"), default=0)
    corrected = models.PositiveIntegerField(_("Differences corrected"), default=0)
    unknown = models.PositiveIntegerField(_("Unknown variants"), default=0)
    error = models.CharField(_("Error"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("channel run")
        verbose_name_plural = _("channel runs")
        indexes = [models.Index(fields=["connection", "-started_at"], name="channel_run_latest")]

    def __str__(self) -> str:
        return f"{self.connection}: {self.kind} {self.started_at:%Y-%m-%d %H:%M}"
