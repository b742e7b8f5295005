"""Problem pages: choose a parcel and a problem, report it, answer questions, withdraw a report."""

from functools import partial
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.models import Order
from shipping.models import ProblemReport
from shipping.problem_reports import reports
from shipping.problem_reports.reports import CannotReportError
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import READS
from storefront.web.problems.forms import ReportForm
from storefront.web.problems.status import ParcelChoice, ProblemChoice, parcel_choices
from storefront.web.returns.answers import take_answer

REPORTS_PER_HOUR = 10  # per order: each opens a claim draft and sends an e-mail
MESSAGES: dict[str, tuple[str, Promise]] = {
    "reported": (
        "good",
        gettext_lazy("We received your report. A confirmation is on its way to you by e-mail."),
    ),
    "changed": ("good", gettext_lazy("Saved.")),
    "empty": ("bad", gettext_lazy("You entered nothing, so nothing is saved.")),
    "late": ("bad", gettext_lazy("This is no longer possible. See the status below.")),
}


@never_cache
@require_safe
def choose(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """List the parcels of an order, with the problems that can be reported, and why not others."""
    order = find_order(number, key)
    context = {"order": order, "parcels": parcel_choices(order, timezone.now())}
    return render(request, "web/problems/problem_choose.html", context)


@never_cache
@require_http_methods(READS)
def report(request: HttpRequest, number: str, key: str, parcel: int, kind: str) -> HttpResponse:
    """Ask for the details of a problem, and record the report once."""
    order = find_order(number, key)
    choice, problem = _find_choice(order, parcel, kind)
    is_posted = request.method == "POST"
    form_key = request.POST.get("key", "").strip()[:40]
    if reports.find_existing(choice.parcel, kind, key=form_key):
        return _to_problems(order, "reported")  # the second request of a double click, another tab
    if not problem.possibility.is_open:
        return _form_page(request, order, choice, problem, None)
    form = ReportForm(
        request if is_posted else None,
        possibility=problem.possibility,
        lines=choice.lines,
        of=order.number,
    )
    if not is_posted or not form.is_valid():
        return _form_page(request, order, choice, problem, form)
    if is_rate_limited(what="problem", who=order.number, per_hour=REPORTS_PER_HOUR):
        form.add_error(None, _("Too many reports in one hour. Try again later."))
        return _form_page(request, order, choice, problem, form)
    try:
        reports.submit(order=order, parcel=choice.parcel, request=form.report(), now=timezone.now())
    except CannotReportError as error:  # it changed meanwhile
        form.add_error(None, str(error))
        return _form_page(request, order, choice, problem, form)
    return _to_problems(order, "reported")


@never_cache
@require_POST
def withdraw(_request: HttpRequest, number: str, key: str, report: int) -> HttpResponse:
    """Withdraw a report."""
    order = find_order(number, key)
    try:
        reports.withdraw(report=_find_report(order, report), now=timezone.now())
    except (InvalidTransitionError, ConcurrentUpdateError):
        return _to_problems(order, "late")
    return _to_problems(order, "changed")


@never_cache
@require_POST
def arrived(_request: HttpRequest, number: str, key: str, report: int) -> HttpResponse:
    """End a report because the parcel arrived after all."""
    order = find_order(number, key)
    row = _find_report(order, report)
    if not row.is_never_arrived:
        raise Http404
    try:
        reports.confirm_arrival(report=row, now=timezone.now())
    except (InvalidTransitionError, ConcurrentUpdateError):
        return _to_problems(order, "late")
    return _to_problems(order, "changed")


@never_cache
@require_http_methods(READS)
def answer(request: HttpRequest, number: str, key: str, report: int) -> HttpResponse:
    """Record the customer's answer to a question about a report."""
    order = find_order(number, key)
    row = _find_report(order, report)
    return take_answer(
        request,
        row,
        order=order,
        is_awaited=row.status == ProblemReport.Status.NEEDS_INFORMATION,
        add=partial(reports.add_answer, report=row),
        is_repeated=partial(reports.is_repeated_answer, row),
        leave=partial(_to_problems, order),
    )


def _form_page(
    request: HttpRequest,
    order: Order,
    choice: ParcelChoice,
    problem: ProblemChoice,
    form: ReportForm | None,
) -> HttpResponse:
    """Show the form, or why it is closed; a refused report is not accepted silently."""
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.CONFLICT
    context = {"order": order, "parcel": choice.parcel, "problem": problem, "form": form}
    return render(request, "web/problems/problem_report.html", context, status=status)


def _find_choice(order: Order, parcel_id: int, kind: str) -> tuple[ParcelChoice, ProblemChoice]:
    for choice in parcel_choices(order, timezone.now()):
        for problem in choice.problems:
            if choice.parcel.pk == parcel_id and problem.possibility.kind == kind:
                return choice, problem
    raise Http404


def _find_report(order: Order, report_id: int) -> ProblemReport:
    rows = ProblemReport.objects.filter(parcel__shipment__purchase_order__order=order)
    row = rows.select_related("parcel__shipment").filter(pk=report_id).first()
    if row is None:
        raise Http404
    return row


def _to_problems(order: Order, code: str) -> HttpResponseRedirect:
    return to_order(order, "problems", problem=code)
