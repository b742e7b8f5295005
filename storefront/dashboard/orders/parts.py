"""Order page parts: show what each item earns, and the text of a message, once they are asked for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from notifications import dispatch
from notifications.models import Message
from notifications.previews import WRITING_ERRORS
from notifications.routes import INTERNAL_TEMPLATES
from orders.accounting import profit_report
from orders.models import Order
from storefront.dashboard import staff_page
from storefront.lib.security.cost_rights import VIEW_COSTS


def show_earnings(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show what each item earns, as a part of the order page."""
    staff_page.require(request, "orders.view_order", VIEW_COSTS)
    order = get_object_or_404(Order, pk=order_id)
    profit = profit_report.statement_of(order, now=timezone.now())
    rows = []
    for line in profit.lines.values():
        net = profit.net_of(line.parts)
        earned = profit.sum(line.parts)
        rows.append((line, net, earned - net, earned))
    return TemplateResponse(
        request,
        "dashboard/orders/earnings.html",
        {"order": order, "profit": profit, "rows": rows},
    )


def show_message_text(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show the text of an e-mail or text message, as a part of the order page."""
    staff_page.require(request, "notifications.view_message")
    message = get_object_or_404(Message.objects.select_related("event"), pk=message_id)
    if message.template in INTERNAL_TEMPLATES:
        staff_page.require(request, VIEW_COSTS)
    try:
        text, problem = dispatch.compose(message, hides_links=True).text, ""
    except WRITING_ERRORS as error:
        text, problem = "", f"{type(error).__name__}: {error}"
    shown = {"text": text, "problem": problem, "language": message.locale}
    return TemplateResponse(request, "dashboard/orders/message_text.html", shown)
