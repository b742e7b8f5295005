"""Return status: describe each return of an order to its customer."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from orders.models import Order, ReturnAuthorization, ReturnLabel, ReturnLine
from orders.returns import authorizations
from storefront.web.catalog.product_title import product_title, variant_title
from storefront.web.returns.photos import PicturesForm

Kind = ReturnAuthorization.Kind
Status = ReturnAuthorization.Status
REASON_TEXTS: dict[str, Promise] = {
    Kind.WITHDRAWAL: gettext_lazy("I withdraw from the contract, without giving a reason"),
    Kind.DEFECT: gettext_lazy("Faulty"),
    Kind.DAMAGED: gettext_lazy("Damaged on arrival"),
    Kind.WRONG_ITEM: gettext_lazy("Wrong item"),
    Kind.MISSING: gettext_lazy("Parts missing"),
    Kind.NOT_RECEIVED: gettext_lazy("Never arrived"),
}
STATUS_TEXTS: dict[str, Promise] = {
    Status.REQUESTED: gettext_lazy("We are reviewing it and will e-mail you."),
    Status.NEEDS_EVIDENCE: gettext_lazy("We need more information from you."),
    Status.APPROVED: gettext_lazy("Approved."),
    Status.REJECTED: gettext_lazy("We cannot take it back."),
    Status.LABEL_ISSUED: gettext_lazy("Approved. See below how to send it."),
    Status.IN_TRANSIT: gettext_lazy("On its way back."),
    Status.LOST_IN_TRANSIT: gettext_lazy("Lost in return transit. We are handling it."),
    Status.RECEIVED: gettext_lazy("Received. We are inspecting it."),
    Status.INSPECTED: gettext_lazy("Inspected. Your refund follows."),
    Status.REFUNDED: gettext_lazy("Refunded."),
    Status.EXCHANGED: gettext_lazy("Replaced."),
    Status.REFUSED: gettext_lazy("Inspected. We cannot refund it."),
    Status.EXPIRED: gettext_lazy("Nothing arrived, so this return is closed."),
    Status.CANCELED: gettext_lazy("Canceled. You keep it."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnView:
    """A return as shown to its customer."""

    authorization: ReturnAuthorization
    reason: Promise
    status_text: Promise
    lines: list[tuple[str, ReturnLine]]
    wanted: list[str]
    can_cancel: bool
    can_send: bool
    can_answer: bool
    pictures: int
    label: ReturnLabel | None
    photos_form: PicturesForm

    @property
    def is_open(self) -> bool:
        return self.authorization.status not in ReturnAuthorization.FINAL


def return_views(order: Order) -> list[ReturnView]:
    """Return all returns of an order as shown, newest first."""
    rows = order.returns.annotate(picture_count=Count("pictures")).select_related("replacement")
    rows = rows.prefetch_related("lines__order_line", "lines__wanted__product", "labels")
    return [
        ReturnView(
            authorization=row,
            reason=REASON_TEXTS[row.kind],
            status_text=STATUS_TEXTS[row.status],
            lines=[(product_title(line.order_line), line) for line in row.lines.all()],
            wanted=[variant_title(line.wanted) for line in row.lines.all() if line.wanted],
            can_cancel=row.status in authorizations.NOT_SHIPPED,
            can_send=not row.is_kept
            and row.status in authorizations.AWAITING_SHIPMENT | {Status.IN_TRANSIT},
            can_answer=row.status == Status.NEEDS_EVIDENCE,
            pictures=row.picture_count,
            label=usable_label(row),
            photos_form=PicturesForm(name=f"{row.number}-"),
        )
        for row in rows.order_by("-pk")
    ]


def usable_label(authorization: ReturnAuthorization) -> ReturnLabel | None:
    """Return the label that the customer can print now."""
    if authorization.status not in {Status.LABEL_ISSUED, Status.IN_TRANSIT}:
        return None
    labels = authorization.labels.all()
    return next((row for row in labels if row.status == ReturnLabel.Status.BOUGHT), None)
