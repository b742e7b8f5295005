"""Parcel choice: show what is known of a parcel without news, take the customer's choice."""

from collections.abc import Mapping
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.models import Order
from orders.payments.tasks import execute_requests
from orders.purchasing import tasks as purchasing_tasks
from shipping.models import Parcel, SilenceCase, SilenceChoice, SilenceKind
from shipping.shipments import outcomes
from shipping.silence import answers
from storefront.lib.tasks import enqueue
from storefront.web.core.order_links import find_order, see_other
from storefront.web.core.visit import READS

HEADLINES: Mapping[str, Promise] = {
    SilenceKind.NO_SCAN: gettext_lazy("The carrier does not have your parcel yet."),
    SilenceKind.NO_EVENT: gettext_lazy("The carrier does not report where your parcel is."),
    SilenceKind.LATE: gettext_lazy("Your parcel is late."),
    SilenceKind.CUSTOMS: gettext_lazy("Your parcel is held in customs."),
    SilenceKind.PICKUP: gettext_lazy("Your parcel is waiting for you."),
    SilenceKind.RETURNING: gettext_lazy("Your parcel is going back to the sender."),
    SilenceKind.EXPIRED: gettext_lazy("The carrier no longer tracks your parcel."),
}
# The reply to each answer that was applied.
REPLIES: Mapping[str, tuple[Promise, Promise]] = {
    SilenceChoice.WAIT: (
        gettext_lazy("Thank you for waiting."),
        gettext_lazy("We keep tracking the parcel."),
    ),
    SilenceChoice.REFUND: (
        gettext_lazy("We refund your parcel."),
        gettext_lazy("You get the money back the way you paid."),
    ),
    SilenceChoice.REPLACEMENT: (
        gettext_lazy("We send you a replacement."),
        gettext_lazy("It is free and has its own order number, which we e-mail you."),
    ),
}
ARRIVED = (
    gettext_lazy("Your parcel was delivered."),
    gettext_lazy("There is nothing to choose any more. If you do not have it, write to us."),
)
CLOSED = (
    gettext_lazy("This question is closed."),
    gettext_lazy("There is news of your parcel. The order page shows what applies now."),
)


@never_cache
@require_http_methods(READS)
def choose(request: HttpRequest, number: str, key: str, case_id: int) -> HttpResponse:
    """Show the options, take one choice; an e-mail link opens the page, but chooses nothing."""
    order = find_order(number, key)
    case = _find(order, case_id)
    problem, status = "", HTTPStatus.OK
    choice = request.POST.get("answer", "")
    if request.method == "POST" and choice not in SilenceChoice:
        problem, status = _("Choose an option."), HTTPStatus.UNPROCESSABLE_ENTITY
    elif request.method == "POST":
        result = answers.answer(case=case, choice=SilenceChoice(choice), now=timezone.now())
        if result == answers.Result.APPLIED:
            enqueue(execute_requests)
            enqueue(purchasing_tasks.sweep_paid_orders)
            return see_other(reverse("order_parcel", args=[number, key, case_id]))
        case, status = _find(order, case_id), HTTPStatus.CONFLICT
        if result == answers.Result.UNAVAILABLE:
            problem = _("This option is no longer available. Choose again, or contact us.")
        else:
            problem = _("Your answer came too late and changes nothing. We e-mail you the reason.")
    is_asked = case.is_asked and case.parcel.status in Parcel.UNDERWAY
    context = {
        "order": order,
        "case": case,
        "is_asked": is_asked,
        "headline": HEADLINES[case.kind],
        "reply": _reply(case),
        "lines": list(case.parcel.lines.select_related("order_line").order_by("pk")),
        "at_stake": outcomes.refund_amount(case.parcel)
        if is_asked and SilenceChoice.REFUND in case.offered
        else None,
        "likely": choice or request.GET.get("answer", ""),
        "problem": problem,
    }
    return render(request, "web/orders/order_parcel.html", context, status=status)


def _find(order: Order, case_id: int) -> SilenceCase:
    """Return a case of this order that the customer was told of. Raises: Http404."""
    rows = SilenceCase.objects.filter(
        pk=case_id, told_at__isnull=False, parcel__shipment__purchase_order__order=order
    )
    case = rows.select_related("parcel__shipment").first()
    if case is None:
        raise Http404
    return case


def _reply(case: SilenceCase) -> tuple[Promise, Promise]:
    """Return the headline and the text for a case that asks nothing."""
    is_settled = case.answer in {SilenceChoice.REFUND, SilenceChoice.REPLACEMENT}
    if case.parcel.status == Parcel.Status.DELIVERED:
        return ARRIVED
    if is_settled or (case.answer and case.ended_at is None):
        return REPLIES[case.answer]
    return CLOSED
