"""Problem status: describe to customers their reports, and which problems they can report now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from orders.models import Order, OrderLine
from shipping.models import Parcel, ParcelLine, ProblemReport
from shipping.problem_reports import eligibility
from shipping.problem_reports.eligibility import Obstacle, Possibility
from storefront.web.catalog.product_title import product_title
from storefront.web.core import formats
from storefront.web.returns.photos import PicturesForm

Kind = ProblemReport.Kind
Status = ProblemReport.Status
KIND_TEXTS: Mapping[str, Promise] = {
    Kind.NEVER_ARRIVED: gettext_lazy("The parcel never arrived"),
    Kind.MISSING_ITEMS: gettext_lazy("Items were missing in the parcel"),
    Kind.DAMAGED: gettext_lazy("Items arrived damaged"),
    Kind.WRONG_ITEM: gettext_lazy("The wrong item arrived"),
}
WISH_TEXTS: Mapping[str, Promise] = {
    ProblemReport.Wish.REPLACEMENT: gettext_lazy("Send it again"),
    ProblemReport.Wish.REFUND: gettext_lazy("Refund what I paid for it"),
}
STATUS_TEXTS: Mapping[str, Promise] = {
    Status.OPEN: gettext_lazy("We are looking into it and will e-mail you."),
    Status.NEEDS_INFORMATION: gettext_lazy("We need more information from you."),
    Status.REFUNDED: gettext_lazy("Refunded."),
    Status.REPLACED: gettext_lazy("Replaced."),
    Status.REJECTED: gettext_lazy("We cannot refund or replace it."),
    Status.WITHDRAWN: gettext_lazy("You withdrew this report."),
    Status.ARRIVED: gettext_lazy("The parcel arrived, so this report is closed."),
}
OBSTACLE_TEXTS: Mapping[str, Promise] = {
    Obstacle.TOO_EARLY: gettext_lazy("If it has not arrived by then, report it from %(day)s on."),
    Obstacle.TOO_LATE: gettext_lazy("This could be reported here until %(day)s."),
    Obstacle.NOT_SHIPPED: gettext_lazy("The parcel has not left yet."),
    Obstacle.HANDLED: gettext_lazy(
        "We know that this parcel did not reach you, and settle it. You do not have to do anything."
    ),
    Obstacle.SETTLED: gettext_lazy(
        "All items of this parcel are refunded, replaced or in a return already."
    ),
    Obstacle.CONTRADICTION: gettext_lazy(
        "Your open report about this parcel says something else. Withdraw it first."
    ),
    Obstacle.CONTENTS_UNKNOWN: gettext_lazy(
        "The supplier has not told us yet what is in this parcel. Write to us."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report as shown to its customer."""

    report: ProblemReport
    kind: Promise
    status_text: Promise
    lines: list[tuple[str, int]]
    pictures: int
    photos_form: PicturesForm

    @property
    def can_answer(self) -> bool:
        return self.report.status == Status.NEEDS_INFORMATION


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemChoice:
    """A kind of problem of a parcel: the possibility, or the reason why not."""

    possibility: Possibility
    label: Promise
    reason: str
    is_reported: bool

    @property
    def is_possible(self) -> bool:
        return self.possibility.is_open and not self.is_reported

    @property
    def can_return(self) -> bool:
        """Return whether the return page takes this complaint instead."""
        is_about_items = self.possibility.kind != Kind.NEVER_ARRIVED
        return is_about_items and self.possibility.obstacle == Obstacle.TOO_LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelChoice:
    """A parcel of an order, with the problems that can be reported."""

    parcel: Parcel
    lines: list[tuple[OrderLine, int]]
    problems: list[ProblemChoice]


def report_views(order: Order) -> list[ReportView]:
    """Return all reports of an order as shown, newest first."""
    rows = ProblemReport.objects.filter(parcel__shipment__purchase_order__order=order)
    rows = rows.annotate(picture_count=Count("pictures")).select_related(
        "parcel", "settlement__replacement"
    )
    return [
        ReportView(
            report=row,
            kind=KIND_TEXTS[row.kind],
            status_text=STATUS_TEXTS[row.status],
            lines=[(product_title(line.order_line), line.quantity) for line in row.lines.all()],
            pictures=row.picture_count,
            photos_form=PicturesForm(name=f"report-{row.pk}-"),
        )
        for row in rows.prefetch_related("lines__order_line").order_by("-pk")
    ]


def parcel_choices(order: Order, now: datetime) -> list[ParcelChoice]:
    """Return the packed parcels of an order with what can be reported about each."""
    lines = ParcelLine.objects.select_related("order_line").order_by("pk")
    parcels = (
        Parcel.objects.filter(shipment__purchase_order__order=order)
        .exclude(status=Parcel.Status.VOIDED)
        .select_related("shipment__purchase_order__order")
        .prefetch_related(Prefetch("lines", lines), "problem_reports")
    )
    return [
        ParcelChoice(
            parcel=parcel,
            lines=[(row.order_line, row.quantity) for row in parcel.lines.all()],
            problems=[
                ProblemChoice(
                    possibility=possibility,
                    label=KIND_TEXTS[kind],
                    reason=explain(possibility),
                    is_reported=any(
                        report.kind == kind and report.is_undecided
                        for report in parcel.problem_reports.all()
                    ),
                )
                for kind, possibility in eligibility.find_possibilities(parcel, now=now).items()
            ],
        )
        for parcel in parcels.order_by("pk")
    ]


def explain(possibility: Possibility) -> str:
    """Return why a problem cannot be reported now, and from when it can; "" if it can."""
    if possibility.is_open:
        return ""
    day = formats.day(possibility.day, get_language() or "en") if possibility.day else ""
    return str(OBSTACLE_TEXTS[possibility.obstacle]) % {"day": day}
