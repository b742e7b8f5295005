"""Order look-up: mail the link of an order to the customer who lost it."""

import logging
from datetime import timedelta
from http import HTTPStatus

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from orders.addresses.address_form import EMAIL_ERRORS
from orders.tasks import mail_order_link
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.web.core.visit import READS

LOOKUPS_PER_HOUR = 20
REQUEST_TTL = timedelta(minutes=15)  # later, the customer has asked again
log = logging.getLogger(__name__)


class LookupForm(forms.Form):
    """Form to find an order without its link."""

    number = forms.CharField(
        label=gettext_lazy("Order number"),
        max_length=20,
        error_messages={
            "required": gettext_lazy("Enter the order number. It is in your first e-mail."),
            "max_length": gettext_lazy("This order number is too long."),
        },
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), max_length=254, error_messages=EMAIL_ERRORS
    )


@never_cache
@require_http_methods(READS)
def lookup(request: HttpRequest) -> HttpResponse:
    """Mail the link of an order to its customer; a worker finds out whether the pair is right.

    So the response and its time are the same for a wrong pair. The number and the e-mail address
    alone must not open the order: suppliers know numbers.
    """
    form = LookupForm(request.POST if request.method == "POST" else None)
    problem, status, is_sent = "", HTTPStatus.OK, False
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if is_rate_limited(what="lookup", who=client_range(request), per_hour=LOOKUPS_PER_HOUR):
            problem = _("Too many attempts. Wait an hour, or use the link in any of our e-mails.")
            status = HTTPStatus.TOO_MANY_REQUESTS
        elif form.is_valid():
            is_sent = _request_link(**form.cleaned_data)
            status = HTTPStatus.OK
            if not is_sent:
                problem = _("We cannot send the link right now. Try again in a few minutes.")
                status = HTTPStatus.SERVICE_UNAVAILABLE
    context = {"form": form, "problem": problem, "is_sent": is_sent}
    return render(request, "web/orders/order_lookup.html", context, status=status)


def _request_link(*, number: str, email: str) -> bool:
    """Queue the request; return False if the broker is down. The log names no customer."""
    try:
        mail_order_link.apply_async(
            kwargs={"number": number, "email": email}, expires=REQUEST_TTL.total_seconds()
        )
    except OperationalError:
        log.warning("a request for an order's link was not queued, the broker does not respond")
        return False
    return True
