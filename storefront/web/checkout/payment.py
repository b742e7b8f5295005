"""Payment pages: redirect to the gateway, check the payment with it on return."""

import logging
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from orders import links
from orders.inventory import reservations
from orders.models import Order, Payment
from orders.payments import sessions, updates
from storefront.lib.http.errors import ExternalServiceError
from storefront.web.core.order_links import find_order, see_other, to_order

log = logging.getLogger(__name__)


def redirect_to_payment(order: Order, *, first: Payment | None = None) -> HttpResponse:
    """Redirect to the open payment, or else to the order's page."""
    try:
        payment = sessions.open_session(
            order=order, return_url=links.return_url(order), now=timezone.now(), first=first
        )
    except sessions.NotPayableError:
        return to_order(order)
    except ExternalServiceError as error:
        log.warning("%s: the gateway did not open a payment: %s", order.number, error)
        return to_order(order, pay="unavailable")
    if payment.status in {Payment.Status.AUTHORIZED, Payment.Status.CAPTURED}:
        return to_order(order)
    # Without a page the payment ended during the gateway call.
    return see_other(payment.pay_url) if payment.pay_url else to_order(order)


@never_cache
@require_POST
def pay(_request: HttpRequest, number: str, key: str) -> HttpResponse:
    return redirect_to_payment(find_order(number, key))


@never_cache
@require_safe
def pay_return(_request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Read the payment from the gateway: the return URL proves nothing."""
    if (known := links.find_with_payments(number=number, key=key)) is None:
        raise Http404
    order, payments = known
    result, now = "", timezone.now()
    if reservations.can_extend(order, now=now):
        reservations.extend_on_return(order=order, now=now)
    if order.status == Order.Status.PENDING_PAYMENT and payments:
        result = _ask_gateway(payments[-1], now)
    return to_order(order, pay=result)


def _ask_gateway(payment: Payment, now: datetime) -> str:
    """Apply the gateway's state; return the code of a message if it has no result yet."""
    try:
        if updates.claim_poll(payment, now=now):
            updates.apply_authorization(payment=payment, now=now)
            return ""
    except ExternalServiceError as error:
        log.warning("%s: the gateway did not answer: %s", payment, error)
    except updates.TooEarlyError:
        log.info("%s: the gateway has reported only some events", payment)
    return "pending" if payment.status == Payment.Status.REQUIRES_ACTION else ""
