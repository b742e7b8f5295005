"""Problem report factories: report problems of parcels through the shop's own functions."""

import secrets
from datetime import timedelta

from orders.models import Order
from shipping.models import Parcel, ParcelLine, ProblemReport
from shipping.problem_reports import decisions, reports
from shipping.problem_reports.reports import ProblemRequest
from tests.factories.parcels import make_parcel_in
from tests.factories.suppliers import NOON


def report_problem(parcel=None, kind="never_arrived", *, units=1, now=NOON, **said):
    """Report a problem of a parcel, by default a delivered one; return the report, read again."""
    parcel = find(parcel or make_parcel_in("delivered"))
    order = Order.objects.get(purchase_orders__shipment=parcel.shipment)
    made = reports.submit(
        order=order, parcel=parcel, request=make_request(parcel, kind, units=units, **said), now=now
    )
    return whole_report(made)


def make_request(parcel, kind="never_arrived", *, units=1, key=None, wish="refund", **said):
    return ProblemRequest(
        key=key or secrets.token_hex(8),
        kind=ProblemReport.Kind(kind),
        wish=ProblemReport.Wish(wish),
        units={row.order_line_id: units for row in parcel.lines.all()},
        **said,
    )


def find(parcel):
    rows = Parcel.objects.select_related("shipment__purchase_order__order")
    return rows.get(pk=parcel.pk)


def whole_report(report):
    rows = ProblemReport.objects.select_related("parcel__shipment__purchase_order__order")
    return rows.get(pk=report.pk)


def decide(report, name, *, text="Sorry!", now=NOON):
    """Decide on a report as staff; the report is read again before and after."""
    row = whole_report(report)
    known = {"question": text} if name == "ask" else {"answer": text}
    result = getattr(decisions, name)(report=row, actor="ann", now=now, **known)
    report.refresh_from_db()
    return result


# Items of the inbox


def report_damage(**changes):
    """Report damaged items of a parcel that nothing was returned of."""
    parcels = Parcel.objects.filter(status="delivered")
    returned = ParcelLine.objects.filter(order_line__returning_quantity__gt=0)
    report = report_problem(parcels.exclude(lines__in=returned).first(), "damaged")
    ProblemReport.objects.filter(pk=report.pk).update(**changes)


PROBLEM_REPORT_ITEMS = {
    "problem_report_open": lambda: report_damage(status="open"),
    "problem_report_overdue": lambda: report_damage(
        status="needs_information", status_since=NOON - timedelta(days=32)
    ),
}
