"""Checkout resource: place an order for the agreed total, once per idempotency key."""

import logging
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders.addresses import verification
from orders.checkout import checkout
from orders.links import order_url, return_url
from orders.models import Cart, Order, Payment
from orders.payments import sessions
from shipping.availability import availability
from storefront.api.core import idempotency, problem_types
from storefront.api.core.api_keys import bearer_token
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    AddressFields,
    MoneyFields,
    StrictCharField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.schema import CART_TOKEN, openapi
from storefront.api.core.views import Endpoint, require_identity, validated_country
from storefront.api.resources.delivery_options import insufficient_stock, quotes_for
from storefront.lib.address import Address
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from storefront.lib.security.client_ip import network_digest

log = logging.getLogger(__name__)


class NewOrderSerializer(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    ship_to = AddressFields()
    delivery = StrictCharField(max_length=20, help_text="Code of a delivery option of the cart.")
    total = MoneyFields(help_text="Total that the customer agreed to.")
    address_reason = StrictCharField(
        max_length=verification.MAX_REASON,
        allow_blank=True,
        default="",
        help_text="Reason why the address is correct although invalid-address doubts it.",
    )


class PlacedOrderSerializer(serializers.Serializer[Any]):
    """A placed order. Send the customer to ``pay_url``; if null, get it from ``pay/``."""

    number = serializers.CharField()
    access_key = serializers.CharField()
    url = serializers.URLField(help_text="URL of the order status page.")
    status = serializers.CharField()
    total = MoneyFields()
    payment_due_at = serializers.DateTimeField()
    pay_url = serializers.URLField(allow_null=True)


def _bad_address(error: checkout.InvalidAddressError, written: Address) -> dict[str, Any]:
    """Return errors and warnings of an address, with its usual spelling."""
    warnings = verification.warnings(written)
    suggestion = verification.suggestion(written)
    return {
        "errors": [
            {
                "pointer": f"#/ship_to/{field}",
                "detail": str(message),
                "is_warning": field in warnings,
            }
            for field, message in {**warnings, **error.fields}.items()
        ],
        "suggestion": asdict(suggestion) if suggestion else None,
    }


def _placed(order: Order, pay_url: str | None) -> Response:
    shown = {
        "number": order.number,
        "access_key": order.access_key,
        "url": order_url(order),
        "status": order.status,
        "total": order.total,
        "payment_due_at": order.payment_due_at,
        "pay_url": pay_url,
    }
    return Response(PlacedOrderSerializer(shown).data, status=status.HTTP_201_CREATED)


def place_cart(  # noqa: PLR0913 - the parts of one record
    cart: Cart,
    *,
    email: str,
    ship_to: Address,
    delivery: str,
    agreed: Money | None,
    address_reason: str,
    network: str,
    endpoint: Endpoint,
    reference: str = "",
) -> checkout.Placed:
    """Place a cart with the delivery option of a code; "" is the first one. Raises ProblemError.

    Shape:  ``agreed``, ``network`` and ``reference`` as in ``checkout.place``
    """
    country = validated_country(cart.channel, ship_to.country)
    checked_cart, quotes = quotes_for(
        cart, country=country, endpoint=endpoint, postcode=ship_to.postcode
    )
    quote = next((quote for quote in quotes if delivery in {"", quote.code}), None)
    if quote is None:
        raise ProblemError(
            problem_types.DELIVERY_UNAVAILABLE, options=[quote.code for quote in quotes]
        )
    try:
        return checkout.place(
            cart=cart,
            email=email,
            ship_to=ship_to,
            quote=quote,
            agreed=agreed,
            check=verification.record(
                ship_to, other=verification.suggestion(ship_to), reason=address_reason
            ),
            tax=checked_cart.cart.tax,
            network=network,
            reference=reference,
            now=endpoint.now,
        )
    except checkout.InvalidAddressError as error:
        raise ProblemError(problem_types.INVALID_ADDRESS, **_bad_address(error, ship_to)) from error
    except checkout.UnavailableError as error:
        checked_cart = availability.check_cart(cart=cart, country=country, now=endpoint.now)
        raise insufficient_stock(checked_cart) from error


def open_pay_url(order: Order, first: Payment | None) -> str | None:
    """Open the payment; if the gateway is unavailable, the order stays placed without it."""
    try:
        payment = sessions.open_session(
            order=order, return_url=return_url(order), now=timezone.now(), first=first
        )
    except (ExternalServiceError, sessions.NotPayableError) as error:
        log.warning("%s was placed, its payment is not open: %s", order, error)
        return None
    return payment.pay_url or None


class Checkout(Endpoint):
    @openapi(
        name="create_storefront_order",
        tag="storefront orders",
        summary="Place an order",
        description="Stock is reserved until payment_due_at. The same key never places two orders.",
        body=NewOrderSerializer,
        bearer=CART_TOKEN,
        answers={201: PlacedOrderSerializer},
        problems=(
            problem_types.CART_NOT_FOUND,
            problem_types.COUNTRY_NOT_SERVED,
            problem_types.CART_ALREADY_PLACED,
            problem_types.CART_CHANGED,
            problem_types.OPEN_ORDER_LIMIT_EXCEEDED,
            problem_types.EMPTY_CART,
            problem_types.OUT_OF_STOCK,
            problem_types.PRICE_CHANGED,
            problem_types.COUPON_USED_UP,
            problem_types.ZERO_TOTAL,
            problem_types.DELIVERY_UNAVAILABLE,
            problem_types.INVALID_ADDRESS,
        ),
        requires_idempotency_key=True,
    )
    def post(self, request: Request) -> Response:
        token = bearer_token(request)

        def work(attempt: Attempt) -> Response:
            cart = Cart.objects.filter(token=token).select_related("channel", "order").first()
            if cart is None:
                raise ProblemError(problem_types.CART_NOT_FOUND)
            order: Order | None = getattr(cart, "order", None)
            first = None
            if order is None:
                require_identity()
                wanted = validated(NewOrderSerializer, request)
                order, first = place_cart(
                    cart,
                    email=wanted["email"],
                    ship_to=Address(**wanted["ship_to"]),
                    delivery=wanted["delivery"],
                    agreed=Money(**wanted["total"]),
                    address_reason=wanted["address_reason"],
                    network=network_digest(request),
                    endpoint=self,
                )
            elif not attempt.is_retry_after_crash:
                raise checkout.AlreadyPlacedError(order)
            return _placed(order, open_pay_url(order, first))

        principal = idempotency.principal_of_secret(token)
        return idempotency.run_idempotent(request, principal=principal, work=work, is_required=True)
