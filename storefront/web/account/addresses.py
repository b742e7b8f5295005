"""Address book: list, add, change and delete an account's addresses, prefill the checkout."""

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.models import Order
from storefront.accounts import profile
from storefront.accounts.models import SavedAddress, User
from storefront.web.account.auth import for_customers, form_page, posted
from storefront.web.account.forms import SavedAddressForm
from storefront.web.core import formats
from storefront.web.core.visit import READS, customer_id, visit


def initial_address(request: HttpRequest) -> dict[str, str]:
    """Return initial values of the checkout address from the account; empty for a guest."""
    if (user_id := customer_id(request)) is None:
        return {}
    address = profile.default_address(user_id)
    known = asdict(address) if address else _last_order_address(user_id)
    return {**known, "email": getattr(request.user, "email", "")}


def _last_order_address(user_id: int) -> dict[str, Any]:
    """Return the address of the account's last order, or {}."""
    orders = Order.objects.filter(cart__owner=user_id).exclude(ship_to={})
    return dict(orders.order_by("-pk").values_list("ship_to", flat=True).first() or {})


@require_safe
@for_customers
def addresses(request: HttpRequest, user: User) -> HttpResponse:
    saved = SavedAddress.objects.filter(user=user).order_by("-is_default", "pk")
    return render(request, "web/account/addresses.html", {"saved": list(saved)})


@require_http_methods(READS)
@for_customers
def address(request: HttpRequest, user: User, saved_id: int | None = None) -> HttpResponse:
    """Show and save the form of a new or existing address."""
    here = visit(request)
    saved = SavedAddress.objects.filter(user=user, pk=saved_id).first() if saved_id else None
    if saved_id and saved is None:
        raise Http404
    known: dict[str, Any] = {"country": here.country}
    if saved:
        known = {**saved.address, "is_default": saved.is_default}
    elif number := request.GET.get("order", ""):
        rows = Order.objects.filter(cart__owner=user, number=number[:20])
        known |= rows.values_list("ship_to", flat=True).first() or {}
    form = SavedAddressForm(
        posted(request),
        initial=known,
        countries=formats.countries(tuple(here.channel.countries), here.language),
    )
    if request.method == "POST" and form.is_valid():
        try:
            profile.save_address(
                user_id=user.pk,
                address=form.address(),
                is_default=form.cleaned_data["is_default"],
                saved_id=saved_id,
            )
        except profile.TooManyAddressesError:
            form.add_error(None, _("You can save up to 20 addresses. Remove one first."))
        except SavedAddress.DoesNotExist as error:
            raise Http404 from error
        else:
            return redirect("account_addresses")
    return form_page(request, "web/account/address.html", form, saved=saved)


@require_POST
@for_customers
def delete(_request: HttpRequest, user: User, saved_id: int) -> HttpResponse:
    profile.delete_address(user_id=user.pk, saved_id=saved_id)
    return redirect("account_addresses")
