"""A shopper's own page: what was ordered signed in, or with an address that he has proven."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.models import Order
from storefront.accounts.models import User
from storefront.accounts.proving import proven_addresses
from storefront.web.coming_in import for_shoppers
from storefront.web.order import headline


@require_safe
@for_shoppers
def account(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 - for_shoppers let nobody else in
    now = timezone.now()
    found = Order.objects.of(request.user.pk, proven_addresses(request.user))
    orders = [
        (order, headline(order, order.payments.order_by("-pk").first(), now)) for order in found
    ]
    return render(request, "web/account.html", {"orders": orders})
