"""Product alerts: ask to be told of an item that is back in stock or cheaper, confirm, stop.

The form on the cached product page holds no token and no address (``from_our_pages``).
"""

from http import HTTPStatus
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalog.models import Listing
from notifications.models import Consent
from orders.addresses.address_form import EMAIL_ERRORS
from shipping.availability import availability
from shipping.models import ProductAlert
from shipping.product_alerts import links, subscriptions
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.text import row_id
from storefront.web.core.order_links import see_other
from storefront.web.core.same_origin import from_our_pages
from storefront.web.core.visit import READS, customer_id, visit

REQUESTS_PER_HOUR = 20  # from one network
# Per hour. Each request can send an e-mail to the address, which may be another person's.
REQUESTS_PER_ADDRESS = 5
BACK_IN_STOCK = ProductAlert.Kind.BACK_IN_STOCK


class AlertForm(forms.Form):
    """The address to write to. ``website`` is a honeypot: people do not see it."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        error_messages={
            **EMAIL_ERRORS,
            "required": gettext_lazy("Enter your e-mail address, so that we can write to you."),
        },
    )
    website = forms.CharField(label=gettext_lazy("Leave this field empty"), required=False)

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Clear this field, then send the form again."))
        return ""


@never_cache
@from_our_pages
@require_http_methods(READS)
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the address; store the request. Without JavaScript, too."""
    values = request.POST if request.method == "POST" else request.GET
    kind, listing = _kind_of(values), _listing_of(request, slug, values)
    here, now = visit(request), timezone.now()
    if kind == BACK_IN_STOCK and _is_available(listing, here.country, request):
        return see_other(_product_path(listing))
    form, status, problem = AlertForm(initial=_initial(request)), HTTPStatus.OK, ""
    is_verified = False
    if request.method == "POST":
        form, status = AlertForm(request.POST), HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            email = form.cleaned_data["email"].lower()
            is_verified = email in _own_addresses(request)
            if not _is_over_limit(request, email):
                subscriptions.subscribe(
                    kind=kind,
                    listing=listing,
                    country=here.country,
                    email=email,
                    locale=here.language,
                    is_verified=is_verified,
                    now=now,
                )
                outcome = "stored" if is_verified else "sent"
                query = {"kind": kind, "listing": listing.pk, "outcome": outcome}
                return see_other(reverse("product_alert", args=[slug], query=query))
            status = HTTPStatus.TOO_MANY_REQUESTS
            problem = _("Too many requests in one hour. Try again in an hour.")
    context: dict[str, Any] = {
        "form": form,
        "problem": problem,
        "kind": kind,
        "listing": listing,
        "product_path": _product_path(listing),
        "outcome": request.GET.get("outcome", "") if request.method != "POST" else "",
    }
    return render(request, "web/catalog/product_alert.html", context, status=status)


def _kind_of(values: QueryDict) -> ProductAlert.Kind:
    try:
        return ProductAlert.Kind(values.get("kind", ""))
    except ValueError as error:
        raise Http404 from error


def _listing_of(request: HttpRequest, slug: str, values: QueryDict) -> Listing:
    """Return the listing of the form. Raises: Http404: it is not one of the product."""
    listings = Listing.objects.on(visit(request).channel).published()
    listing = (
        listings.select_related("variant__product", "channel")
        .filter(pk=row_id(values.get("listing", "")), variant__product__slug=slug)
        .first()
    )
    if listing is None:
        raise Http404
    return listing


def _product_path(listing: Listing) -> str:
    variant = listing.variant
    return reverse("product", args=[variant.product.slug], query={"v": variant.sku})


def _is_available(listing: Listing, country: str, request: HttpRequest) -> bool:
    answers = availability.check_variants(
        variant_ids=[listing.variant_id],
        country=country,
        channel=visit(request).channel,
        now=timezone.now(),
    )
    answer = answers.get(listing.variant_id)
    return answer is not None and answer.promise is not None


def _initial(request: HttpRequest) -> dict[str, str]:
    if customer_id(request) is not None and isinstance(request.user, User):
        return {"email": request.user.email}
    return {}


def _own_addresses(request: HttpRequest) -> list[str]:
    """Return the verified addresses of the signed-in customer."""
    if customer_id(request) is not None and isinstance(request.user, User):
        return verified_addresses(request.user)
    return []


def _is_over_limit(request: HttpRequest, email: str) -> bool:
    return is_rate_limited(
        what="alert", who=client_range(request), per_hour=REQUESTS_PER_HOUR
    ) or is_rate_limited(what="alert-to", who=email, per_hour=REQUESTS_PER_ADDRESS)


@never_cache
@require_http_methods(READS)
def alert(request: HttpRequest, token: str) -> HttpResponse:
    """Show an alert by its link; confirm or stop it by a button, so that no robot does."""
    row = links.find_alert(token)
    if row is None:
        return render(request, "web/catalog/alert_ended.html", {}, status=HTTPStatus.NOT_FOUND)
    if request.method == "POST":
        if request.POST.get("action") == "stop":
            subscriptions.stop(alert=row)
        else:
            subscriptions.confirm(alert=row, source=Consent.Source.LINK, now=timezone.now())
        return redirect("alert", token)
    return render(request, "web/catalog/alert.html", {"alert": row})
