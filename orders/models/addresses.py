"""Address change model: store requests for another address, and the supplier's answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseOrder
from storefront.lib.state_machine import Stateful


class AddressChangeRequest(Stateful):
    """A request to change the address of a purchase order that the supplier has.

    The supplier decides.

    ``ship_to`` is an Address. ``place`` counts the requests of the order, for the e-mails.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Awaiting supplier")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Rejected")

    TRANSITIONS: ClassVar = {
        Status.REQUESTED: frozenset({Status.ACCEPTED, Status.REFUSED}),
        Status.ACCEPTED: frozenset(),
        Status.REFUSED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, related_name="address_change_requests"
    )
    ship_to = models.JSONField()
    place = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    status_since = models.DateTimeField()
    # Empty until a worker has notified the supplier.
    notified_via = models.CharField(
        max_length=10, choices=PurchaseOrder.RequestChannel, blank=True, default="", db_default=""
    )
    reason = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=100)
    answered_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purchase_order"],
                condition=Q(status="requested"),
                name="address_change_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "accepted", "refused"]),
                name="address_change_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purchase_order_id}, {self.place}"
