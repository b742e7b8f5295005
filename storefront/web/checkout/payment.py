"""Payment pages: redirect to the gateway, check the payment with it on return."""

from __future__ import annotations

import logging
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from orders import links
from orders.inventory import reservations
from orders.models import Order, Payment
from orders.payments import sessions, updates
from storefront.lib.http.errors import ExternalServiceError

log = logging.getLogger(__name__)


def redirect_to_payment(order: Order, *, first: Payment | None = None) -> HttpResponse:
    """Redirect to the open payment, or to the order's page if there is none.

    ``first`` as in ``sessions.open_session``.
    """
    here, return_url = _page_of(order), links.return_url(order)
    try:
        payment = sessions.open_session(
            order=order, return_url=return_url, now=timezone.now(), first=first
        )
    except sessions.NotPayableError:
        return _see(here)
    except ExternalServiceError as error:
        log.warning("%s: the gateway did not open a payment: %s", order.number, error)
        return _see(f"{here}?pay=away")
    if payment.status in {Payment.Status.AUTHORIZED, Payment.Status.CAPTURED}:
        return _see(here)
    return _see(payment.pay_url or here)  # the payment ended during the gateway call


@never_cache
@require_POST
def pay(_request: HttpRequest, number: str, key: str) -> HttpResponse:
    order = links.find_order(number=number, key=key)
    if order is None:
        raise Http404
    return redirect_to_payment(order)


@never_cache
@require_safe
def pay_return(_request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Read the payment from the gateway: the return URL proves nothing."""
    if (found := links.find_with_payments(number=number, key=key)) is None:
        raise Http404
    order, tried = found
    query, now = "", timezone.now()
    if reservations.can_extend(order, now=now):
        reservations.extend_on_return(order=order, now=now)
    if order.status == Order.Status.PENDING_PAYMENT and tried:
        query = _ask_gateway(tried[-1], now)
    return _see(_page_of(order) + query)


def _ask_gateway(payment: Payment, now: datetime) -> str:
    """Apply the gateway's state; return the query of the order page if it has no result yet."""
    try:
        if updates.claim_poll(payment, now=now):
            updates.apply_history(payment=payment, now=now)
            return ""
    except ExternalServiceError as error:
        log.warning("%s: the gateway did not answer: %s", payment, error)
    except updates.TooEarlyError:
        log.info("%s: the gateway has reported only some events", payment)
    return "?pay=unread" if payment.status == Payment.Status.REQUIRES_ACTION else ""


def _page_of(order: Order) -> str:
    return reverse("order", args=[order.number, order.access_key])


def _see(path: str) -> HttpResponse:
    return HttpResponseRedirect(path, status=HTTPStatus.SEE_OTHER)
