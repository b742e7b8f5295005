"""Remote order models: record what became of each store order, and the reported parcels."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from shipping.models import Parcel
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, protected_key
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful
from storefront.sales_channels.models.connection import Connection


class OrderProblem(models.TextChoices):
    """Why a store order waits, or which change of it our order does not have."""

    PAYMENT_PENDING = "payment_pending", _("Not paid in the store yet")
    UNKNOWN_ITEM = "unknown_item", _("Unknown item")
    OUT_OF_STOCK = "out_of_stock", _("Out of stock")
    UNDELIVERABLE = "undeliverable", _("No shipping method to this address")
    INVALID_ADDRESS = "invalid_address", _("Invalid address")
    AMOUNTS_DIFFER = "amounts_differ", _("Amounts do not add up")
    OTHER_CURRENCY = "other_currency", _("Another currency than the channel")
    TOO_LATE = "too_late", _("Canceled or refunded in the store, too late to cancel here")
    ADDRESS_LOCKED = "address_locked", _("Address changed in the store, too late to change here")
    UNITS_ADDED = "units_added", _("Units added in the store")
    STORE_REFUSED = "store_refused", _("The store refused our change")


class RemoteOrderRecord(Stateful):
    """One store order, and our order that it became. It holds no personal data.

    ``remote_updated_at`` is the newest version that was applied. ``due_at`` is the next attempt;
    None: a change in the store is awaited. ``problem_since`` starts the time after which an order
    that cannot be fulfilled is refused.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        WAITING = "waiting", _("Waiting")  # for payment, stock or staff; ``problem`` says which
        IMPORTED = "imported", _("Imported")
        REFUSING = "refusing", _("Being refused")  # the store is asked to cancel and refund it
        REFUSED = "refused", _("Refused")
        IGNORED = "ignored", _("Ignored")  # a test order, or staff decided so
        CANCELED = "canceled", _("Canceled in the store")  # before it was imported

    TRANSITIONS: ClassVar = {
        Status.RECEIVED: frozenset(
            {
                Status.WAITING,
                Status.IMPORTED,
                Status.REFUSING,
                Status.IGNORED,
                Status.CANCELED,
            }
        ),
        Status.WAITING: frozenset(
            {Status.IMPORTED, Status.REFUSING, Status.IGNORED, Status.CANCELED}
        ),
        Status.REFUSING: frozenset({Status.REFUSED}),
        Status.IGNORED: frozenset({Status.RECEIVED}),
        Status.IMPORTED: frozenset(),
        Status.REFUSED: frozenset(),
        Status.CANCELED: frozenset({Status.RECEIVED}),  # restored, or paid after all
    }
    UNDECIDED: ClassVar = frozenset({Status.RECEIVED, Status.WAITING})

    connection = protected_key(Connection, "orders", _("Store connection"), db_index=False)
    external_id = models.CharField(_("ID in the store"), max_length=60)
    name = models.CharField(_("Name in the store"), max_length=60, blank=True)
    order = models.OneToOneField(
        Order,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="remote_order",
        verbose_name=_("Order"),
    )
    status = models.CharField(
        _("Status"), max_length=10, choices=Status, default=Status.RECEIVED, db_index=False
    )
    status_since = models.DateTimeField(_("Since"))
    problem = models.CharField(_("Problem"), max_length=20, choices=OrderProblem, blank=True)
    detail = models.CharField(_("Details"), max_length=500, blank=True)
    problem_since = models.DateTimeField(_("Problem since"), null=True, blank=True)
    placed_at = models.DateTimeField(_("Placed"), null=True, blank=True)
    remote_updated_at = models.DateTimeField(_("Changed in the store"), null=True, blank=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    total_amount = amount_field(_("Total"), default=0)
    # of the delivery address when it was last read, so that a change there is noticed
    address_digest = models.CharField(_("Address digest"), max_length=16, blank=True)
    due_at = models.DateTimeField(_("Next attempt"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    # when the store confirmed that we canceled our order
    canceled_there_at = models.DateTimeField(_("Canceled in the store"), null=True, blank=True)

    class Meta:
        verbose_name = _("store order")
        verbose_name_plural = _("store orders")
        constraints = [
            unique("remote_order_once", ["connection", "external_id"]),
            check(
                "remote_order_imported_has_order", ~Q(status="imported") | Q(order__isnull=False)
            ),
            check("remote_order_only_imported_has_order", Q(order=None) | Q(status="imported")),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="remote_order_due"
            ),
            models.Index(
                fields=["problem_since"], condition=~Q(problem=""), name="remote_order_problem"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

    @property
    def total(self) -> Money:
        return Money(self.total_amount, self.currency)

    @property
    def reference(self) -> str:
        """The reference of its payment: the channel, and the order's id in the store."""
        return f"{self.connection.channel.code}:{self.external_id}"


class RemoteFulfillment(models.Model):
    """One parcel that is reported to a store. ``external_id`` is empty until the store has it.

    ``sent_digest`` is that of the tracking data last sent.
    """

    remote_order = protected_key(RemoteOrderRecord, "fulfillments", _("Store order"))
    parcel = models.OneToOneField(
        Parcel, models.PROTECT, related_name="remote_fulfillment", verbose_name=_("Parcel")
    )
    external_id = models.CharField(_("ID in the store"), max_length=100, blank=True)
    sent_digest = models.CharField(_("Sent tracking data"), max_length=16, blank=True)
    sent_at = models.DateTimeField(_("Sent"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    due_at = models.DateTimeField(_("Next attempt"))
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)

    class Meta:
        verbose_name = _("reported parcel")
        verbose_name_plural = _("reported parcels")

    def __str__(self) -> str:
        return f"{self.parcel_id} ({self.remote_order})"
