"""Checkout: take the address, offer delivery methods, review and place the order."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import preferences
from notifications.senders import sms
from orders.addresses.address_form import CheckoutAddressForm
from orders.addresses.validation import find_errors
from orders.addresses.verification import unconfirmed_warnings
from orders.cart import delivery_details, lines
from orders.cart.lines import CartContent
from orders.checkout import checkout, refusals
from orders.checkout.open_order_limits import OpenOrderLimitError
from orders.models import Cart, Order
from shipping.availability.cart_summary import CartSummary, delivery_options, summarize
from storefront.lib.address import Address
from storefront.lib.money import Money
from storefront.lib.security.client_ip import network_digest
from storefront.web.account import messages
from storefront.web.account.addresses import initial_address
from storefront.web.cart.views import TOO_LITTLE
from storefront.web.checkout.open_order_limits import show_open_order_limit
from storefront.web.checkout.payment import redirect_to_payment
from storefront.web.core import formats, visit_counts
from storefront.web.core.guarantees import shown_guarantees
from storefront.web.core.visit import (
    COUNTRY_COOKIE,
    READS,
    cart_token,
    count_cookie,
    open_cart_with_lines,
    set_public_cookie,
    set_unpaid_cookie,
    visit,
)

REFUSED: tuple[type[Exception], ...] = (
    *refusals.REFUSALS, OpenOrderLimitError, checkout.EmptyCartError, checkout.InvalidAddressError,
)  # fmt: skip
UNCLEAR = _("We could not read the total that you agreed to. Check the total and order again.")
NOT_CHOSEN = _("Choose a delivery method.")


type CheckoutView = Callable[[HttpRequest, Cart, CartContent | None, datetime], HttpResponse]


def with_cart(view: CheckoutView) -> Callable[..., HttpResponse]:
    """Pass a view the open cart and the time of reading; if it is placed, redirect to payment."""

    @never_cache
    @wraps(view)
    def view_with_cart(request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        if cart_and_lines := open_cart_with_lines(request, now):
            return view(request, *cart_and_lines, now)
        token = cart_token(request)
        order = Order.objects.filter(cart__token=token).first() if token else None
        if order is not None:
            return redirect_to_payment(order)
        return redirect("cart")

    return view_with_cart


@require_http_methods(READS)
@with_cart
def address(
    request: HttpRequest, cart: Cart, cart_content: CartContent | None, now: datetime
) -> HttpResponse:
    here = visit(request)
    options = {"countries": formats.countries(tuple(here.channel.countries), here.language)}
    if request.method == "POST":
        form = CheckoutAddressForm(request.POST, noted=cart.address_verification, **options)
        if form.is_valid() and (ship_to := form.chosen):
            if not (cart_content or lines.load_content(cart=cart, now=now)).lines:
                return redirect("cart")
            number = messages.account_number(request)
            if not number and sms.is_offered() and (number := form.sms_number):
                messages.record_checkout_choice(number)
            is_first = not cart.ship_to
            delivery_details.set_address(
                cart=cart,
                email=form.cleaned_data["email"],
                ship_to=ship_to,
                check=form.note,
                sms_number=number,
                now=now,
            )
            if is_first:
                visit_counts.count(request, visit_counts.NEW_CHECKOUT)
            response = redirect("checkout_delivery")
            set_public_cookie(response, COUNTRY_COOKIE, ship_to.country)
            return response
    else:
        initial = {"country": here.country, **initial_address(request), **cart.ship_to}
        initial["email"] = cart.email or initial.get("email", "")
        initial["wants_sms"] = bool(cart.sms_number)
        form = CheckoutAddressForm(initial=initial, noted=cart.address_verification, **options)
    filled = summarize(cart=cart, country=cart.country, now=now, cart_content=cart_content)
    if not filled.cart.lines:
        return redirect("cart")
    return _render(request, "web/checkout/address.html", cart, filled, form=form)


@require_http_methods(READS)
@with_cart
def delivery(
    request: HttpRequest, cart: Cart, cart_content: CartContent | None, now: datetime
) -> HttpResponse:
    if not cart.ship_to or not cart.email:
        return redirect("checkout")
    problem = ""
    if request.method == "POST":
        options = delivery_options(
            cart=cart, country=cart.country, now=now, cart_content=cart_content
        )
        if not options.can_continue:
            return redirect("cart")
        code = request.POST.get("tier", "")
        if any(quote.code == code for quote in options.quotes):
            delivery_details.set_delivery_method(cart=cart, method_code=code, now=now)
            return redirect("checkout_delivery" if "update" in request.GET else "checkout_review")
        problem = str(NOT_CHOSEN)
    filled = summarize(
        cart=cart,
        country=cart.country,
        now=now,
        method_code=cart.service,
        cart_content=cart_content,
    )
    if filled.must_change or not filled.cart.lines:
        return redirect("cart")
    return _render(request, "web/checkout/delivery.html", cart, filled, problem=problem)


@require_safe
@with_cart
def review(
    request: HttpRequest, cart: Cart, cart_content: CartContent | None, now: datetime
) -> HttpResponse:
    if missing := _missing_step(cart):
        return redirect(missing)
    return _review(request, cart, cart_content=cart_content, now=now)


@require_POST
@with_cart
def place(
    request: HttpRequest, cart: Cart, cart_content: CartContent | None, now: datetime
) -> HttpResponse:
    """Place the order once, for the total and the arrival date that the page showed."""
    if missing := _missing_step(cart):
        return redirect(missing)
    options = delivery_options(
        cart=cart,
        country=cart.country,
        now=now,
        method_code=cart.service,
        cart_content=cart_content,
    )
    if not options.can_continue:
        return _to_cart(shows_message=True)
    quote = options.quote
    agreed = _agreed_total(request, cart.channel.currency)
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
            check=cart.address_verification,
            tax=options.checked_cart.cart.tax,
            network=network_digest(request),
            now=now,
        )
    except checkout.AlreadyPlacedError as error:
        order, first = error.order, None
    except REFUSED as error:
        return _refused(request, cart, error)
    response = redirect_to_payment(order, first=first)
    set_unpaid_cookie(response, order, now)
    # The items of the cart are in the order.
    set_public_cookie(response, count_cookie(request), "0")
    return response


def _refused(request: HttpRequest, cart: Cart, error: Exception) -> HttpResponse:
    match error:
        case checkout.EmptyCartError():
            return redirect("cart")
        case checkout.InvalidAddressError():
            return redirect("checkout")
        case OpenOrderLimitError():
            return show_open_order_limit(request, error)
    return _review(
        request, cart, problem=str(refusals.REFUSALS[type(error)]), status=HTTPStatus.CONFLICT
    )


def _missing_step(cart: Cart) -> str:
    """Return the page of an earlier step that is missing, or ""."""
    if not cart.ship_to or not cart.email or _has_address_errors(cart):
        return "checkout"
    return "" if cart.service else "checkout_delivery"


def _has_address_errors(cart: Cart) -> bool:
    ship_to = Address(**cart.ship_to)
    return bool(
        find_errors(address=ship_to) or unconfirmed_warnings(ship_to, cart.address_verification)
    )


def _agreed_total(request: HttpRequest, currency: str) -> Money | None:
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
    cart_content: CartContent | None = None,
    now: datetime | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    now = now or timezone.now()
    filled = summarize(
        cart=cart,
        country=cart.country,
        now=now,
        method_code=cart.service,
        cart_content=cart_content,
    )
    if filled.must_change or not filled.cart.lines:
        return _to_cart(shows_message=bool(problem))
    if filled.quote is None or filled.quote.code != cart.service:
        return redirect("checkout_delivery")
    return _render(
        request, "web/checkout/review.html", cart, filled, problem=problem, status=status
    )


def _to_cart(*, shows_message: bool) -> HttpResponse:
    """Redirect to the cart, which shows at each line how many units remain."""
    return redirect(reverse("cart") + (f"?{TOO_LITTLE}=1" if shows_message else ""))


def _render(  # noqa: PLR0913 - all parts of one page
    request: HttpRequest,
    template: str,
    cart: Cart,
    filled: CartSummary,
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
        "own_sms_number": messages.account_number(request),
        "sms_text": preferences.text_of(preferences.SMS) if sms.is_offered() else "",
        "form": form,
        "problem": problem,
        "order_cart": cart,
        "ship_to": ship_to,
        "guarantees": shown_guarantees(
            {
                line.variant.product_id
                for line in filled.cart.lines
                if line.variant.product.guarantee_months
            }
        ),
    }
    return render(request, template, context, status=status)
