"""Backorder choice: show the options for delayed or rejected lines, take the customer's choice."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.backorders import backorders, refunds
from orders.cancellation import tasks as cancellation_tasks
from orders.models import Backorder, Order
from orders.purchasing import tasks as purchasing_tasks
from shipping.rerouting import customer_choice
from storefront.lib.tasks import enqueue
from storefront.web.core.order_links import find_order, see_other
from storefront.web.core.visit import READS

Choice = Backorder.Choice
Status = Backorder.Status


@never_cache
@require_http_methods(READS)
def choose(request: HttpRequest, number: str, key: str, backorder: int) -> HttpResponse:
    """Show the options, take one choice; an e-mail link opens the page, but chooses nothing."""
    order = find_order(number, key)
    row = _find(order, backorder)
    if row is None:
        raise Http404
    problem, status = "", HTTPStatus.OK
    answer = request.POST.get("answer", "")
    if request.method == "POST":
        if answer in row.choices:
            try:
                customer_choice.apply(
                    backorder=row, choice=Choice(answer), actor="customer", now=timezone.now()
                )
            except customer_choice.ChoiceUnavailableError:
                problem = _("This option is no longer available. Choose again, or contact us.")
                status = HTTPStatus.CONFLICT
            else:
                enqueue(purchasing_tasks.sweep_due_submissions)
                enqueue(cancellation_tasks.process_cancellation, order_id=order.pk)
                return see_other(reverse("order_backorder", args=[number, key, backorder]))
        else:
            problem = _("Choose an option.")
            status = HTTPStatus.UNPROCESSABLE_ENTITY
    row = _find(order, backorder) or row
    context = {
        "order": order,
        "backorder": row,
        "is_asked": row.status == Status.ASKED,
        "is_delay": row.kind == Backorder.Kind.LATER,
        "lines": list(row.lines.select_related("order_line", "substitute__product").order_by("pk")),
        "choices": row.choices,
        "at_stake": None
        if row.kind == Backorder.Kind.LATER
        else refunds.value_of(row, backorders.open_lines(row)),
        "likely": answer or request.GET.get("answer", ""),
        "problem": problem,
    }
    return render(request, "web/orders/order_backorder.html", context, status=status)


def _find(order: Order, backorder: int) -> Backorder | None:
    """Return a backorder of this order, if the customer was asked to choose."""
    rows = order.backorders.filter(respond_by__isnull=False, pk=backorder)
    return rows.select_related("order__channel", "purchase_order__location").first()


def open_questions(order: Order) -> list[Backorder]:
    """Return open backorders: waiting for the customer, or being rerouted."""
    return list(backorders.open_backorders(order).prefetch_related("lines__order_line"))
