"""Purchase request models: store what we ask or tell a supplier about a purchase order."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.purchasing import PurchaseOrder
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import protected_key
from storefront.lib.state_machine import Stateful


class PurchaseMessage(models.Model):
    """One message to or from the supplier, verbatim. Append-only."""

    class Direction(models.TextChoices):
        OUT = "out", _("Outgoing")
        IN = "in", _("Incoming")

    purchase_order = protected_key(PurchaseOrder, "messages", _("Purchase order"))
    direction = models.CharField(_("Direction"), max_length=3, choices=Direction)
    kind = models.CharField(_("Type"), max_length=30)
    body = models.JSONField(_("Payload"), default=dict)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("supplier message")
        verbose_name_plural = _("supplier messages")
        indexes = [
            models.Index(
                fields=["kind", "purchase_order"],
                condition=Q(kind__in=["charge", "shipped_canceled"]),
                name="purchase_message_for_staff",
            )
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.kind} of {self.purchase_order_id}"


class PurchaseDocument(models.Model):
    """An invoice or a packing list that the supplier uploaded.

    ``file`` is a generated name in private storage; ``sha256`` is of the uploaded content, so that
    a repeated upload is known.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        PACKING_LIST = "packing_list", _("Packing list")

    # Indexed with the hash.
    purchase_order = protected_key(PurchaseOrder, "documents", _("Purchase order"), db_index=False)
    kind = models.CharField(_("Type"), max_length=12, choices=Kind)
    file = models.CharField(_("Stored as"), max_length=80)
    sha256 = models.CharField(_("Hash"), max_length=64)
    uploaded_at = models.DateTimeField(_("Uploaded"))

    class Meta:
        verbose_name = _("supplier document")
        verbose_name_plural = _("supplier documents")
        constraints = [unique("purchase_document_once", ["purchase_order", "sha256"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.purchase_order}"


class CanceledShipmentDecision(models.Model):
    """What staff decided on a canceled purchase order that the supplier kept or shipped.

    Append-only; the newest row counts. ``was_shipped`` is the state at the decision: a later
    shipment needs a new decision.
    """

    class Outcome(models.TextChoices):
        NOT_SHIPPED = "not_shipped", _("Supplier will not ship")
        RETURNED = "returned", _("Returned by the customer")
        KEPT_PAID = "kept_paid", _("Kept and paid by the customer")
        CLAIMED = "claimed", _("Claimed from the supplier")
        NOT_CHARGED = "not_charged", _("Not charged by the supplier")
        WRITTEN_OFF = "written_off", _("Written off")

    purchase_order = protected_key(PurchaseOrder, "decisions", _("Purchase order"))
    outcome = models.CharField(_("Resolution"), max_length=20, choices=Outcome)
    reason = models.CharField(_("Reason"), max_length=200)
    was_shipped = models.BooleanField(_("Was shipped"))
    decided_by = models.CharField(_("Decided by"), max_length=100)
    decided_at = models.DateTimeField(_("Decided"))

    class Meta:
        verbose_name = _("decision on a shipment after cancellation")
        verbose_name_plural = _("decisions on shipments after cancellation")
        constraints = [
            check(
                "canceled_shipment_outcome_matches",
                Q(was_shipped=False, outcome="not_shipped")
                | Q(was_shipped=True) & ~Q(outcome="not_shipped"),
            ),
            check("canceled_shipment_has_author_and_reason", ~Q(reason="") & ~Q(decided_by="")),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of purchase order {self.purchase_order_id}"


class ErasureRequest(models.Model):
    """A request to erase an address that a supplier keeps; staff send it, and record that."""

    purchase_order = models.OneToOneField(
        PurchaseOrder,
        models.PROTECT,
        related_name="erasure_request",
        verbose_name=_("Purchase order"),
    )
    since = models.DateTimeField(_("Erased in the shop"))
    sent_at = models.DateTimeField(_("Sent to supplier"), null=True, blank=True)
    sent_by = models.CharField(_("Sent by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("supplier erasure request")
        verbose_name_plural = _("supplier erasure requests")
        constraints = [
            check(
                "erasure_request_has_author",
                Q(sent_at=None, sent_by="") | (Q(sent_at__isnull=False) & ~Q(sent_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"address of {self.purchase_order_id}"


class AddressChangeRequest(Stateful):
    """A request to change the address of a purchase order that the supplier has.

    The supplier decides. ``ship_to`` is an Address. ``place`` counts the requests of the order, for
    the e-mails.
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

    purchase_order = protected_key(PurchaseOrder, "address_change_requests", _("Purchase order"))
    ship_to = models.JSONField(_("Delivery address"))
    place = models.PositiveSmallIntegerField(_("Request number"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.REQUESTED)
    status_since = models.DateTimeField(_("Since"))
    # Empty until a worker has notified the supplier.
    notified_via = models.CharField(
        _("Change sent via"),
        max_length=10,
        choices=PurchaseOrder.RequestChannel,
        blank=True,
        default="",
        db_default="",
    )
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    requested_by = models.CharField(_("Requested by"), max_length=100)
    answered_by = models.CharField(_("Answered by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("address change request")
        verbose_name_plural = _("address change requests")
        constraints = [
            unique(
                "address_change_one_pending", ["purchase_order"], condition=Q(status="requested")
            ),
            check(
                "address_change_status_is_known", Q(status__in=["requested", "accepted", "refused"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purchase_order_id}, {self.place}"
