"""Cart pages: show the cart, add, change and remove lines."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Listing
from orders.cart import account_cart, carts, delivery_details, refusals
from orders.cart.lines import CartContent
from orders.cart.view import CartView
from orders.checkout import open_order_limits, unpaid_orders
from orders.models import Cart
from orders.promotions import codes, labels
from shipping.availability import availability
from shipping.availability.cart_summary import delivery_options, summarize
from storefront.web.cart import coupons
from storefront.web.cart.forms import AddForm, ChangeForm
from storefront.web.catalog import product
from storefront.web.core import formats, visit_counts
from storefront.web.core.errors import error_page
from storefront.web.core.order_links import see_other
from storefront.web.core.same_origin import from_our_pages
from storefront.web.core.visit import (
    cart_token,
    count_cookie,
    customer_id,
    delete_cart_cookie,
    open_cart,
    open_cart_with_lines,
    set_cart_cookie,
    unpaid_cookie,
    visit,
)

REMOVED = signing.Signer(salt="storefront.web.removed")
CODE_FIELD = -1  # key of ``problems`` for the code field; other keys are line ids
TOO_LITTLE = "less"  # in the URL: the checkout redirected here, because stock is insufficient


class RemovedLine(NamedTuple):
    """A line removed from a cart."""

    listing_id: int | None = None
    quantity: int = 0
    line_id: int | None = None


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    cart, known = open_cart_with_lines(request, now := timezone.now()) or (None, None)
    return _page(
        request, cart, cart_content=known, now=now, is_stock_short=TOO_LITTLE in request.GET
    )


@require_POST
@from_our_pages
def add(request: HttpRequest) -> HttpResponse:
    """Add one listing; without scripts, redirect to the cart."""
    form, now = AddForm(request.POST), timezone.now()
    listing = None
    if form.is_valid():
        listing = carts.load_listing(listing_id=form.cleaned_data["listing"], now=now)
    if listing is None:
        message = _first_error(form) or _("This product does not exist.")
        return _refused(request, None, message, HTTPStatus.UNPROCESSABLE_ENTITY)
    visit(request).set_channel(listing.channel)
    try:
        cart, count = _add_to_cart(request, listing, form.cleaned_data, now)
    except carts.UnknownListingError:
        message = _("This product does not exist.")
        return _refused(request, None, message, HTTPStatus.NOT_FOUND)
    except refusals.REFUSALS as error:
        return _refused(request, listing, _refusal_message(error), HTTPStatus.CONFLICT)
    except carts.PlacedCartError:
        message = _(
            "This cart was just ordered or merged with the cart of your account. Add"
            " the item again."
        )
        return _refused(request, listing, message, HTTPStatus.CONFLICT)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"cart": carts.view_cart(cart=cart, now=now), "added": listing.pk, "problem": ""}
        response = render(request, "web/cart/dialog.html", context)
    else:
        response = see_other(reverse("cart"))
    set_cart_cookie(response, cart, carts.count(cart) if count is None else count)
    if cart.created_at == now:
        visit_counts.count(request, visit_counts.NEW_CART)
    return response


@require_POST
@from_our_pages
def change(request: HttpRequest) -> HttpResponse:
    """Set the quantity of a line; 0 removes it, and the page offers to undo that."""
    cart = open_cart(request, timezone.now())
    form = ChangeForm(request.POST)
    if cart is None:
        return _to_cart(request, None)
    if not form.is_valid():
        message = _first_error(form)
        line_id = form.cleaned_data.get("line", 0)
        return _page(request, cart, problems={line_id: message}, status=422)
    line_id, quantity = form.cleaned_data["line"], form.cleaned_data["quantity"]
    line = cart.lines.filter(pk=line_id).first()
    here, now = visit(request), timezone.now()
    deliverable = availability.make_delivery_check(
        country=here.country, channel=here.channel, now=now
    )
    try:
        carts.change(
            cart=cart, line_id=line_id, quantity=quantity, now=now, deliverable=deliverable
        )
    except carts.UnknownListingError:
        message = _("This item is no longer in the cart.")
        return _page(request, cart, problems={0: message}, status=404)
    except refusals.REFUSALS as error:
        return _page(request, cart, problems={line_id: _refusal_message(error)}, status=409)
    except carts.PlacedCartError:
        return _to_cart(request, None)
    removed = ""
    if line and not quantity:
        removed = REMOVED.sign_object([line.listing_id, line.quantity, line.pk])
    return _to_cart(request, cart, removed)


@require_POST
@from_our_pages
def choose_delivery(request: HttpRequest) -> HttpResponse:
    """Store whether the cart ships in the fewest or in separate parcels."""
    now = timezone.now()
    if (cart := open_cart(request, now)) is None:
        return _to_cart(request, None)
    options = delivery_options(cart=cart, country=visit(request).country, now=now).quotes
    code = request.POST.get("tier", "")
    if any(quote.code == code for quote in options):
        delivery_details.set_delivery_method(cart=cart, method_code=code, now=now)
    return _to_cart(request, cart)


@never_cache
@require_POST
@from_our_pages
def edit_codes(request: HttpRequest) -> HttpResponse:
    """Add or remove a coupon code, and redirect to the cart, which shows its effect."""
    now = timezone.now()
    if cart := open_cart(request, now):
        if removed_code := request.POST.get("out", ""):
            codes.remove_code(cart=cart, code=removed_code, now=now)
        else:
            message, status = coupons.apply_code(request, cart)
            if message:
                return _page(request, cart, problems={CODE_FIELD: message}, status=status)
    return see_other(reverse("cart", fragment="codes"))


def _refusal_message(error: refusals.Refusal) -> str:
    language = get_language() or settings.LANGUAGE_CODE
    return refusals.refusal_message(error, partial(formats.country, language=language))


def _first_error(form: forms.Form) -> str:
    return next((str(errors[0]) for errors in form.errors.values()), "")


def _add_to_cart(
    request: HttpRequest, listing: Listing, submitted: Mapping[str, Any], now: datetime
) -> tuple[Cart, int | None]:
    """Add to the open cart, or to a new one; return the cart, and its unit count if known."""
    here, quantity = visit(request), submitted["quantity"]
    deliverable = availability.make_delivery_check(
        country=here.country, channel=here.channel, now=now, must_reach=True
    )
    context: dict[str, Any] = {
        "channel": here.channel,
        "country": here.country,
        "locale": here.language,
    }
    cart = open_cart(request, now)
    if cart is None and (owner_id := customer_id(request)):
        cart = account_cart.create(owner_id=owner_id, now=now, **context)
        open_order_limits.link_session(cart=cart, token=cart_token(request))
    if cart is None:
        line = carts.create_with_line(
            listing=listing, quantity=quantity, now=now, deliverable=deliverable, **context
        )
        open_order_limits.link_session(cart=line.cart, token=cart_token(request))
        return line.cart, quantity
    carts.add(
        cart=cart,
        listing_id=listing.pk,
        quantity=quantity,
        now=now,
        line_id=_decode_removed(submitted["back"]).line_id,
        deliverable=deliverable,
    )
    return cart, None


def _to_cart(request: HttpRequest, cart: Cart | None, removed: str = "") -> HttpResponse:
    response = see_other(reverse("cart", query={"removed": removed} if removed else None))
    if cart is None:
        delete_cart_cookie(request, response)
    return response


def _page(  # noqa: PLR0913 - all parts of one page
    request: HttpRequest,
    cart: Cart | None,
    *,
    problems: dict[int, str] | None = None,
    status: int = HTTPStatus.OK,
    is_stock_short: bool = False,
    cart_content: CartContent | None = None,
    now: datetime | None = None,
) -> HttpResponse:
    here, now = visit(request), now or timezone.now()
    token = cart_token(request)
    if cart is None:
        unpaid = unpaid_orders.payable_orders(token=token, owner_id=customer_id(request), now=now)
        expired = unpaid_orders.expired_order(token=token)
        empty = {"filled": None, "unpaid": unpaid, "expired": expired, "back": ""}
        response = render(request, "web/cart/cart.html", {**empty, "removed": None, "held": []})
        if unpaid or expired:  # keep the cart cookie, which identifies the browser
            response.delete_cookie(count_cookie(request), samesite="Lax")
        elif token:
            delete_cart_cookie(request, response)
        return response
    unpaid = []
    if unpaid_cookie(request) in request.COOKIES:
        unpaid = unpaid_orders.payable_orders(token=token, owner_id=customer_id(request), now=now)
    filled = summarize(
        cart=cart,
        country=here.country,
        now=now,
        method_code=cart.service,
        cart_content=cart_content,
    )
    problems = (
        {0: _too_little_message(filled.cart)}
        if is_stock_short and not filled.limits
        else problems or {}
    )
    context = {
        "filled": filled,
        "unpaid": unpaid,
        "expired": None,
        "back": request.GET.get("back", ""),
        "problems": problems,
        "code_problem": problems.get(CODE_FIELD, ""),
        "code_written": request.POST.get("code", "")[:40],
        "held": open_order_limits.open_orders_holding(cart=cart, now=now) if filled.short else [],
        "removed": _removed(request),
        "refused_codes": labels.rejections(
            filled.cart_totals.discounts, partial(formats.money, language=here.language)
        ),
    }
    response = render(request, "web/cart/cart.html", context, status=status)
    set_cart_cookie(response, cart, filled.cart.count)
    return response


def _too_little_message(cart_view: CartView) -> str:
    if all(line.has_price for line in cart_view.lines):
        return _("There are fewer in stock than you want. Nothing was ordered.")
    return _("The price of an item in the cart is being checked. Nothing was ordered.")


def _removed(request: HttpRequest) -> dict[str, object] | None:
    """Return the line just removed, to offer undo."""
    back = request.GET.get("removed", "")
    removed = _decode_removed(back)
    if removed.listing_id is None:
        return None
    listing = (
        Listing.objects.published()
        .filter(pk=removed.listing_id)
        .select_related("variant__product")
        .first()
    )
    if listing is None:
        return None
    product = listing.variant.product
    return {
        "listing": listing.pk,
        "quantity": removed.quantity,
        "product": product,
        "back": back,
    }


def _decode_removed(back: str) -> RemovedLine:
    """Decode a removed line; the signature proves that its id was one of the cart."""
    try:
        return RemovedLine(*REMOVED.unsign_object(back))
    except signing.BadSignature:
        return RemovedLine()


def _refused(
    request: HttpRequest, listing: Listing | None, message: str, status: int
) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        context = {"cart": None, "added": 0, "problem": message}
        return render(request, "web/cart/dialog.html", context, status=status)
    if listing is None:
        return error_page(request, status=status, title=_("Not added to cart"), text=message)
    variant = listing.variant
    return product.show(
        request, slug=variant.product.slug, sku=variant.sku, problem=message, status=status
    )
