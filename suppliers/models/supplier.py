"""Supplier models: store suppliers with their policies, connections and call quotas."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, When
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from storefront.lib.db.fields import amount_field, cascading_key
from storefront.lib.security.encryption import EncryptedTextField
from storefront.lib.state_machine import Stateful
from suppliers.models.policies import FreshnessPolicy, InvoiceTerms, OrderDispatchPolicy


class Supplier(Stateful, FreshnessPolicy, OrderDispatchPolicy, InvoiceTerms):
    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        VETTING = "vetting", _("In review")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        BLOCKED = "blocked", _("Blocked")

    class StockDecrementedAt(models.TextChoices):
        """When the supplier subtracts the units that we ordered from its stock figure.

        In doubt, the later value is safer. ``never``: only a stock count corrects the figure.
        """

        ORDER = "order", _("Order received")
        SHIPMENT = "shipment", _("Order shipped")
        NEVER = "never", _("Never")

    class NewProductStatus(models.TextChoices):
        AUTOMATIC = "automatic", _("Automatic, by documents")
        LIVE = "live", pgettext_lazy("product", "Live")
        IN_REVIEW = "in_review", _("In review")
        DRAFT = "draft", _("Draft")

    class ProductChanges(models.TextChoices):
        REVIEW = "review", _("Review")
        APPLY = "apply", _("Apply at once")

    TRANSITIONS: ClassVar = {
        Status.CANDIDATE: frozenset({Status.VETTING, Status.BLOCKED}),
        Status.VETTING: frozenset({Status.ACTIVE, Status.BLOCKED}),
        Status.ACTIVE: frozenset({Status.PAUSED}),
        Status.PAUSED: frozenset({Status.ACTIVE, Status.BLOCKED}),
        Status.BLOCKED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    code = models.SlugField(
        _("Code"),
        max_length=30,
        unique=True,
        help_text=_(
            "Short name for lists and rules: letters, digits and hyphens. Cannot be changed later."
        ),
    )
    name = models.CharField(
        _("Name"), max_length=80, help_text=_("Full name, as shown on staff pages.")
    )
    # a key of suppliers.connectors.CONNECTORS
    adapter = models.CharField(
        _("Connector"), max_length=30, help_text=_("Integration type. Cannot be changed later.")
    )
    currency = models.CharField(
        _("Cost currency"),
        max_length=3,
        help_text=_("Three letters, such as USD. Cannot be changed later."),
    )
    # of e-mails
    language = models.CharField(
        _("E-mail language"),
        max_length=8,
        choices=settings.SUPPLIER_LANGUAGES,
        default="en",
        help_text=_("Language of order e-mails and order pages for the supplier."),
    )
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.CANDIDATE)
    status_since = models.DateTimeField(_("Since"), null=True, blank=True)
    # from order to handover to the carrier
    lead_days = models.PositiveSmallIntegerField(
        _("Handling time (days)"),
        default=2,
        help_text=_(
            "From our order to handover to the carrier. An offer's own value takes "
            "precedence. 0 = same day."
        ),
    )
    acknowledge_within_min = models.PositiveIntegerField(
        _("Order confirmation time limit (min)"),
        default=60,
        help_text=_("Without a confirmation by then, the order is flagged for staff. 0 = at once."),
    )
    # safety stock: units never sold
    safety_stock = models.PositiveSmallIntegerField(
        _("Safety stock per product and warehouse (units)"),
        default=0,
        help_text=_("Never sold. Applies from the next stock sync; 0 = none."),
    )
    stock_decremented_at = models.CharField(
        _("Supplier stock is reduced at"),
        max_length=10,
        choices=StockDecrementedAt,
        default=StockDecrementedAt.ORDER,
        help_text=_(
            "When the supplier's reported stock contains our sale; until then Fara "
            "subtracts the sale itself. If in doubt, choose the later time."
        ),
    )

    new_product_status = models.CharField(
        _("New products"),
        max_length=10,
        choices=NewProductStatus,
        default=NewProductStatus.AUTOMATIC,
        help_text=_(
            "Status in which a new product of this supplier enters the catalog. Automatic: live "
            "while the supplier is active and all required documents are valid, otherwise in "
            "review. Live applies only to an active supplier; until then products are in review."
        ),
    )
    product_changes = models.CharField(
        _("Changes to live products"),
        max_length=10,
        choices=ProductChanges,
        default=ProductChanges.REVIEW,
        help_text=_(
            "What happens if the supplier changes the texts, specifications, images or options of a "
            "live product. Review: staff accept or reject each change. Prices, stock and new "
            "variants are always applied at once."
        ),
    )

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["candidate", "vetting", "active", "paused", "blocked"]
                ),
                name="supplier_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    new_product_status__in=["automatic", "live", "in_review", "draft"],
                    product_changes__in=["review", "apply"],
                ),
                name="supplier_product_policy_is_known",
            ),
            *FreshnessPolicy.Meta.constraints,
            *OrderDispatchPolicy.Meta.constraints,
            *InvoiceTerms.Meta.constraints,
        ]

    def __str__(self) -> str:
        return self.name


class Connection(models.Model):
    """The access to one supplier's API or files, and the sync intervals.

    ``secrets_encrypted`` holds keys and webhook secrets, ``tokens_encrypted`` the supplier's access
    and refresh token. Both are decrypted only for use (``storefront.lib.security.encryption``).
    """

    BALANCE_PROBLEM_PREFIX: ClassVar = "balance: "  # prefix of a problem that only a payment solves

    supplier = models.OneToOneField(
        Supplier,
        models.CASCADE,
        related_name="connection",
        verbose_name=_("Supplier"),
        help_text=_("Supplier of this connection. Each supplier has one."),
    )
    base_url = models.CharField(
        _("Base URL"),
        max_length=200,
        help_text=_(
            "Such as https://api.example.com/v1/, without keys or passwords. Empty "
            "if staff upload the files."
        ),
    )
    secrets_encrypted = EncryptedTextField(_("Encrypted secrets"), blank=True)
    tokens_encrypted = EncryptedTextField(_("Encrypted tokens"), blank=True)
    # CJ's openId: signs webhooks
    account_id = models.CharField(
        _("Account ID"),
        max_length=60,
        blank=True,
        help_text=_(
            "Our account with the supplier. Some connectors fill it in and verify "
            "webhooks with it. Empty = none."
        ),
    )
    # not secret; see the connector's OPTIONS
    options = models.JSONField(_("Connector options"), default=dict, blank=True)
    # state of the connector between runs
    connector_state = models.JSONField(_("Connector state"), default=dict, blank=True)
    calls_per_second = models.PositiveSmallIntegerField(
        _("Calls per second"),
        default=1,
        help_text=_(
            "For all syncs together. 1 is slow: 300 products take five minutes. The "
            "lower of this and the account's own limit applies. 0 counts as 1."
        ),
    )
    # a quarter is reserved for orders
    max_concurrent_calls = models.PositiveSmallIntegerField(
        _("Concurrent calls"),
        default=8,
        help_text=_("Over all workers. A quarter is reserved for orders. 0 counts as 1."),
    )
    products_every_min = models.PositiveIntegerField(
        _("Products every (min)"),
        default=360,
        help_text=_("How often the product list is read. 0 = again when a run ends."),
    )
    prices_every_min = models.PositiveIntegerField(
        _("Prices every (min)"),
        default=60,
        help_text=_("How often costs are read. 0 = again when a run ends."),
    )
    stock_every_min = models.PositiveIntegerField(
        _("Stock every (min)"),
        default=15,
        help_text=_("How often stock is read. 0 = again when a run ends."),
    )
    orders_every_min = models.PositiveIntegerField(
        _("Open orders every (min)"),
        default=10,
        help_text=_("How often the status of open orders is fetched. 0 = at every poll."),
    )
    orders_polled_at = models.DateTimeField(_("Orders checked at"), null=True, blank=True)
    # the quota is used up until then
    paused_until = models.DateTimeField(_("Quota used up until"), null=True, blank=True)
    # prepaid at the supplier, in its currency
    balance_amount = amount_field(_("Balance"), null=True)
    balance_reported_at = models.DateTimeField(_("Reported at"), null=True, blank=True)
    low_balance_amount = amount_field(
        _("Low balance alert"),
        null=True,
        help_text=_(
            "In the supplier's currency. A lower balance is shown as a connection "
            "error. Empty = never."
        ),
    )
    # the last failed call
    problem = models.CharField(_("Connection error"), max_length=300, blank=True)
    problem_at = models.DateTimeField(_("Error since"), null=True, blank=True)
    checked_at = models.DateTimeField(_("Last checked"), null=True, blank=True)
    # the last connection check
    health_report = models.JSONField(_("Last connection check"), default=dict, blank=True)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")

    def __str__(self) -> str:
        return f"connection of {self.supplier}"


class CallQuotaQuerySet(models.QuerySet["CallQuota"]):
    def current(self) -> models.QuerySet[Any, int]:
        """Return the remaining calls; the full quota if its window has ended."""
        left = Case(
            When(until__lte=Now(), then=F("total")), default=Greatest(F("total") - F("used"), 0)
        )
        return self.annotate(left=left).values_list("left", flat=True)


class CallQuota(models.Model):
    connection = cascading_key(Connection, "quotas", _("Connection"), db_index=False)
    name = models.CharField(_("Name"), max_length=80)
    total = models.PositiveIntegerField(_("Call limit"))
    used = models.PositiveIntegerField(_("Calls used"))
    until = models.DateTimeField(_("Resets at"))  # end of the window

    objects = CallQuotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("API quota")
        verbose_name_plural = _("API quotas")
        constraints = [
            models.UniqueConstraint(fields=["connection", "name"], name="budget_once_per_name")
        ]

    def __str__(self) -> str:
        return f"{self.connection.supplier}: {self.name}"
