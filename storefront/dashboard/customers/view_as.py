"""View as this customer: begin, and end, a read-only view of the shop's pages."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from storefront.accounts import staff_sessions
from storefront.dashboard.customers.page import for_customer
from storefront.dashboard.customers.people import Customer
from storefront.lib.db import audit


@require_POST
@for_customer(staff_sessions.VIEW_AS)
def begin(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show the account page as the customer sees it; to a guest, the order page."""
    staff_sessions.begin_view(request, customer.key)
    audit.record(audit.Action.VIEWED_AS, request=request, detail=f"begin {customer.key}")
    order, user = customer.order, customer.user
    language = (user.language if user else order.locale if order else "") or settings.LANGUAGE_CODE
    with override(language):
        if order:
            return HttpResponseRedirect(reverse("order", args=[order.number, order.access_key]))
        return HttpResponseRedirect(reverse("account"))


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the view; show the page of the customer again. Idempotent."""
    key = staff_sessions.end_view(request)
    if key is None:
        return HttpResponseRedirect(reverse("supply:customers"))
    audit.record(audit.Action.VIEWED_AS, request=request, detail=f"end {key}")
    messages.success(request, _("The view as customer has ended."))
    return HttpResponseRedirect(reverse("supply:customer", args=[key]))
