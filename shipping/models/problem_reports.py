"""Problem report models: store what customers report about parcels, the units and photos."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import OrderLine, ReturnAuthorization, SupplierClaim
from orders.models.returns import MAX_MESSAGE_LENGTH, MAX_PHOTOS
from shipping.models.shipments import Parcel
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import protected_key
from storefront.lib.state_machine import Stateful


class ProblemReport(Stateful):
    """A customer's report that a parcel never arrived, or arrived incomplete, damaged or wrong.

    ``settlement`` is the refund or replacement of its units; for a parcel that never arrived it is
    that of the parcel. ``claim`` is the supplier claim that the report opened, if one was possible.
    """

    class Kind(models.TextChoices):
        NEVER_ARRIVED = "never_arrived", _("Never arrived")
        MISSING_ITEMS = "missing_items", _("Items missing")
        DAMAGED = "damaged", _("Damaged")
        WRONG_ITEM = "wrong_item", _("Wrong item")

    class Wish(models.TextChoices):
        REFUND = "refund", _("Refund")
        REPLACEMENT = "replacement", _("Replacement")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        NEEDS_INFORMATION = "needs_information", _("Awaiting customer reply")
        REFUNDED = "refunded", _("Refunded")
        REPLACED = "replaced", _("Replaced")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        ARRIVED = "arrived", _("Parcel arrived")

    SETTLED: ClassVar = frozenset({Status.REFUNDED, Status.REPLACED})
    ENDED: ClassVar = SETTLED | {Status.REJECTED, Status.WITHDRAWN, Status.ARRIVED}
    UNDECIDED: ClassVar = frozenset({Status.OPEN, Status.NEEDS_INFORMATION})
    TRANSITIONS: ClassVar = {
        Status.OPEN: ENDED | {Status.NEEDS_INFORMATION},
        Status.NEEDS_INFORMATION: ENDED | {Status.OPEN},
        **dict.fromkeys(ENDED, frozenset()),
    }

    parcel = protected_key(Parcel, "problem_reports", _("Parcel"))
    kind = models.CharField(_("Problem"), max_length=13, choices=Kind)
    wish = models.CharField(_("Requested resolution"), max_length=11, choices=Wish)
    # idempotency key of the form
    request_key = models.CharField(_("Form key"), max_length=40, unique=True)
    # the customer's message, with the answers to our questions
    customer_message = models.CharField(
        _("Customer's message"), max_length=MAX_MESSAGE_LENGTH, blank=True
    )
    # our question or answer, shown to the customer
    answer = models.CharField(_("Message to the customer"), max_length=1000, blank=True)
    status = models.CharField(_("Status"), max_length=17, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField(_("Status since"))
    opened_at = models.DateTimeField(_("Reported"))
    settlement = models.OneToOneField(
        ReturnAuthorization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="problem_report",
        verbose_name=_("Refund or replacement"),
    )
    claim = models.OneToOneField(
        SupplierClaim,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="problem_report",
        verbose_name=_("Supplier claim"),
    )

    class Meta:
        verbose_name = _("problem report")
        verbose_name_plural = _("problem reports")
        constraints = [
            unique(
                "problem_report_undecided_once",
                ["parcel", "kind"],
                condition=Q(status__in=["open", "needs_information"]),
            ),
            check(
                "problem_report_settled_has_settlement",
                Q(status__in=["refunded", "replaced"], settlement__isnull=False)
                | ~Q(status__in=["refunded", "replaced"]) & Q(settlement=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["opened_at"],
                condition=Q(status__in=["open", "needs_information"]),
                name="problem_report_undecided",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"

    @property
    def is_undecided(self) -> bool:
        return self.status in self.UNDECIDED

    @property
    def is_never_arrived(self) -> bool:
        return self.kind == self.Kind.NEVER_ARRIVED


class ProblemReportLine(models.Model):
    """Units of an order line that a report is about."""

    report = protected_key(ProblemReport, "lines", _("Problem report"), db_index=False)
    order_line = protected_key(OrderLine, "problem_lines", _("Order line"))
    quantity = models.PositiveSmallIntegerField(_("Quantity"))

    class Meta:
        verbose_name = _("problem report line")
        verbose_name_plural = _("problem report lines")
        constraints = [
            unique("problem_report_line_once", ["report", "order_line"]),
            check("problem_report_line_has_units", Q(quantity__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"


class ProblemPhoto(models.Model):
    """A photo that a customer sent with a report. No URL of the shop serves ``file``."""

    report = protected_key(ProblemReport, "pictures", _("Problem report"), db_index=False)
    place = models.PositiveSmallIntegerField(_("Photo number"))
    file = models.CharField(_("File"), max_length=60)
    added_at = models.DateTimeField(_("Added"))

    class Meta:
        verbose_name = _("problem photo")
        verbose_name_plural = _("problem photos")
        constraints = [
            unique("problem_photo_sequence_once", ["report", "place"]),
            check("problem_photo_sequence_in_range", Q(place__gte=1, place__lte=MAX_PHOTOS)),
        ]
        indexes = [models.Index(fields=["file"], name="problem_photo_by_file")]

    def __str__(self) -> str:
        return f"{self.report_id}, {self.place}"
