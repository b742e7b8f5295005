"""Checkout: take the address, offer delivery methods, review and place the order.

It needs no account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.addresses.validation import problems
from orders.addresses.verification import open_doubts
from orders.cart import delivery_details, lines
from orders.cart.lines import Read
from orders.checkout import checkout
from orders.models import Cart, Order
from orders.promotions.redemptions import SpentError
from storefront.lib.address import Address
from storefront.lib.money import Money
from storefront.lib.security.client_ip import network_digest
from storefront.web.account.addresses import known_of
from storefront.web.cart.summary import FilledCart, fill, ways
from storefront.web.cart.views import LESS
from storefront.web.checkout.open_order_limits import tells_what_is_held
from storefront.web.checkout.payment import go_and_pay
from storefront.web.core.address_form import CheckoutAddressForm
from storefront.web.core.visit import (
    COUNT_COOKIE,
    COUNTRY_COOKIE,
    cart_token,
    note_unpaid,
    open_filled,
    remember,
    visit,
)

SOLD = _("An item in the cart has just sold out. Nothing was ordered.")
REFUSALS: dict[type[Exception], Promise] = {
    checkout.PriceChangedError: _(
        "The total changed in the meantime. Nothing was ordered. This is the new total:"
    ),
    checkout.ArrivalChangedError: _(
        "The delivery date changed in the meantime. Nothing was ordered. This is the new date:"
    ),
    checkout.CannotSupplyError: SOLD,
    checkout.UnpricedError: _(
        "The price of an item in the cart is being checked. Nothing was ordered."
    ),
    checkout.QuoteOutdatedError: SOLD,
    checkout.NothingToPayError: _(
        "The total cannot be zero. Remove a discount code from the cart. Nothing was ordered."
    ),
    SpentError: _(
        "A discount has just reached its usage limit. Nothing was ordered. This is"
        " the total without it:"
    ),
}
UNCLEAR = _("We could not read the total that you agreed to. Check the total and order again.")
NOT_CHOSEN = _("Choose a delivery method.")


type Opened = Callable[[HttpRequest, Cart, Read | None, datetime], HttpResponse]


def with_cart(view: Opened) -> Callable[..., HttpResponse]:
    """Pass a checkout view the open cart, read at one moment.

    If the cart was placed, redirect to the order's payment.
    """

    @never_cache
    @wraps(view)
    def opened(request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        if found := open_filled(request, now):
            return view(request, *found, now)
        token = cart_token(request)
        order = Order.objects.filter(cart__token=token).first() if token else None
        if order is not None:
            return go_and_pay(order)
        return redirect("cart")

    return opened


@require_http_methods(["GET", "HEAD", "POST"])
@with_cart
def address(request: HttpRequest, cart: Cart, known: Read | None, now: datetime) -> HttpResponse:
    here = visit(request)
    wanted = {"countries": here.channel.countries, "language": here.language}
    if request.method == "POST":
        form = CheckoutAddressForm(request.POST, noted=cart.address_check, **wanted)
        if form.is_valid() and (ship_to := form.chosen):
            if not (known or lines.read_cart_lines(cart=cart, now=now)).lines:
                return redirect("cart")
            email = form.cleaned_data["email"]
            delivery_details.address(
                cart=cart, email=email, ship_to=ship_to, check=form.note, now=now
            )
            response = redirect("checkout_delivery")
            remember(response, COUNTRY_COOKIE, ship_to.country)
            return response
    else:
        told = {"country": here.country, **known_of(request), **cart.ship_to}
        told["email"] = cart.email or told.get("email", "")
        form = CheckoutAddressForm(initial=told, noted=cart.address_check, **wanted)
    filled = fill(cart=cart, country=cart.country, now=now, known=known)
    if not filled.cart.lines:
        return redirect("cart")
    return _render(request, "web/checkout/address.html", cart, filled, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@with_cart
def delivery(request: HttpRequest, cart: Cart, known: Read | None, now: datetime) -> HttpResponse:
    if not cart.ship_to or not cart.email:
        return redirect("checkout")
    problem = ""
    if request.method == "POST":
        found = ways(cart=cart, country=cart.country, now=now, known=known)
        if not found.can_go:
            return redirect("cart")
        way = request.POST.get("tier", "")
        if any(quote.code == way for quote in found.quotes):
            delivery_details.choose_delivery(cart=cart, way=way, now=now)
            return redirect("checkout_delivery" if "update" in request.GET else "checkout_review")
        problem = str(NOT_CHOSEN)
    filled = fill(cart=cart, country=cart.country, now=now, chosen_way=cart.service, known=known)
    if filled.must_change or not filled.cart.lines:
        return redirect("cart")
    return _render(request, "web/checkout/delivery.html", cart, filled, problem=problem)


@require_safe
@with_cart
def review(request: HttpRequest, cart: Cart, known: Read | None, now: datetime) -> HttpResponse:
    if missing := _missing_step(cart):
        return redirect(missing)
    return _review(request, cart, known=known, now=now)


@require_POST
@with_cart
@tells_what_is_held
def place(request: HttpRequest, cart: Cart, known: Read | None, now: datetime) -> HttpResponse:
    """Place the order once, for the total and the arrival date that the page showed."""
    if missing := _missing_step(cart):
        return redirect(missing)
    found = ways(cart=cart, country=cart.country, now=now, chosen_way=cart.service, known=known)
    if not found.can_go:
        return _too_little(is_told=True)
    quote = found.quote
    agreed = _agreed(request, cart.channel.currency)
    if agreed is None or quote is None or quote.code != cart.service:
        return _review(request, cart, problem=str(UNCLEAR), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        order, first = checkout.place(
            cart=cart,
            email=cart.email,
            ship_to=Address(**cart.ship_to),
            quote=quote,
            agreed=agreed,
            agreed_arrival=_agreed_arrival(request),
            check=cart.address_check,
            tax=found.looked.cart.tax,
            network=network_digest(request),
            now=now,
        )
    except checkout.AlreadyPlacedError as error:
        order, first = error.order, None
    except (checkout.EmptyCartError, checkout.BadAddressError) as error:
        return redirect("cart" if isinstance(error, checkout.EmptyCartError) else "checkout")
    except tuple(REFUSALS) as error:
        return _review(
            request, cart, problem=str(REFUSALS[type(error)]), status=HTTPStatus.CONFLICT
        )
    response = go_and_pay(order, first=first)
    note_unpaid(response, order, now)
    remember(response, COUNT_COOKIE, "0")  # the items of the cart are in the order
    return response


def _missing_step(cart: Cart) -> str:
    """Return the page of an earlier step that is missing, or ""."""
    if not cart.ship_to or not cart.email or _is_wrong(cart):
        return "checkout"
    return "" if cart.service else "checkout_delivery"


def _is_wrong(cart: Cart) -> bool:
    ship_to = Address(**cart.ship_to)
    return bool(problems(address=ship_to) or open_doubts(ship_to, cart.address_check))


def _agreed(request: HttpRequest, currency: str) -> Money | None:
    try:
        amount = Decimal(request.POST.get("agreed", "")[:16])
    except InvalidOperation:
        return None
    return Money(amount, currency) if amount.is_finite() else None


def _agreed_arrival(request: HttpRequest) -> date | None:
    """Return the last arrival day that the review page showed, if the form has it."""
    try:
        return date.fromisoformat(request.POST.get("arrives_to", ""))
    except ValueError:
        return None


def _review(  # noqa: PLR0913 - all parts of one page
    request: HttpRequest,
    cart: Cart,
    *,
    known: Read | None = None,
    now: datetime | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    now = now or timezone.now()
    filled = fill(cart=cart, country=cart.country, now=now, chosen_way=cart.service, known=known)
    if filled.must_change or not filled.cart.lines:
        return _too_little(is_told=bool(problem))
    if filled.quote is None or filled.quote.code != cart.service:
        return redirect("checkout_delivery")
    return _render(
        request, "web/checkout/review.html", cart, filled, problem=problem, status=status
    )


def _too_little(*, is_told: bool) -> HttpResponse:
    """Redirect to the cart, which shows at each line what is left."""
    return redirect(reverse("cart") + (f"?{LESS}=1" if is_told else ""))


def _render(  # noqa: PLR0913 - all parts of one page
    request: HttpRequest,
    template: str,
    cart: Cart,
    filled: FilledCart,
    *,
    form: CheckoutAddressForm | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    if (form is not None and form.errors) or (problem and status == HTTPStatus.OK):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    ship_to = Address(**cart.ship_to) if cart.ship_to else None
    context = {
        "filled": filled,
        "form": form,
        "problem": problem,
        "order_cart": cart,
        "ship_to": ship_to,
    }
    return render(request, template, context, status=status)
