"""Payment history: list a customer's charges and refunds, newest first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders.models import Order, PaymentEvent
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.web.account.auth import for_customers
from storefront.web.orders.views import MOVES

Kind = PaymentEvent.Kind
A_PAGE = 50


@require_safe
@for_customers
def paid(request: HttpRequest, user: User) -> HttpResponse:
    orders = Order.objects.of(user.pk, verified_addresses(user))
    moves = PaymentEvent.objects.filter(
        payment__order__in=orders.order_by().values("pk"), kind__in=MOVES
    )
    # Unpaid payment pages expire too, without ever holding money.
    moves = moves.exclude(kind=Kind.EXPIRED, payment__authorized_amount=0)
    found = moves.select_related("payment__order").order_by("-occurred_at", "-pk")
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    rows = [(event, event.payment.order, MOVES[Kind(event.kind)]) for event in page]
    return render(request, "web/account/paid.html", {"rows": rows, "page": page})
