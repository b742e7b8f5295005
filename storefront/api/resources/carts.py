"""Cart resource: create carts, add, change and remove lines and promotion codes.

The cart's token is its only credential. It is sent in the Authorization header and never in a URL,
because proxies and servers log URLs.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders.cart import carts
from orders.checkout import open_order_limits
from orders.models import Cart
from orders.models.cart import CART_RETENTION, MAX_QUANTITY
from orders.promotions import codes
from shipping.availability import availability
from storefront.api.core import idempotency, problem_types
from storefront.api.core.api_keys import bearer_token
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    COUNTRY,
    MoneyFields,
    PictureField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.schema import CART_TOKEN, openapi
from storefront.api.core.views import Endpoint, require_identity, sales_channel, validated_country
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited

MAX_TOKEN = 43
MAX_ID = 2**53 - 1  # exact in every JSON parser
LINE_ID = OpenApiParameter("line_id", int, OpenApiParameter.PATH)
LINE_PROBLEMS = (
    problem_types.CART_NOT_FOUND,
    problem_types.LISTING_NOT_FOUND,
    problem_types.NOT_FOR_SALE,
    problem_types.INSUFFICIENT_STOCK,
    problem_types.QUANTITY_LIMIT_EXCEEDED,
    problem_types.CART_ALREADY_PLACED,
)


class NewCartSerializer(StrictSerializer):
    country = serializers.RegexField(
        COUNTRY,
        default="",
        help_text=_(
            "Delivery country, ISO 3166-1 alpha-2. Default: the default country of"
            " the shop’s pages."
        ),
    )
    locale = serializers.ChoiceField(settings.LANGUAGES, default="en")
    previous_token = StrictCharField(
        max_length=MAX_TOKEN,
        default="",
        allow_blank=True,
        help_text=_(
            "Token of the customer’s previous cart, if that was ordered. If the order is unpaid, it"
            " is canceled when the new cart is ordered with one of its items."
        ),
    )


class NewLineSerializer(StrictSerializer):
    listing_id = StrictIntegerField(min_value=1, max_value=MAX_ID)
    quantity = StrictIntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)


class ChangedLineSerializer(StrictSerializer):
    quantity = StrictIntegerField(
        min_value=0, max_value=MAX_QUANTITY, help_text=_("0 removes the line.")
    )


class NewCodeSerializer(StrictSerializer):
    code = StrictCharField(max_length=codes.MAX_CODE_LENGTH, min_length=1)


class CartLineSerializer(serializers.Serializer[Any]):
    """A cart line. ``previous_price`` is set if the price changed since the line was added."""

    id = serializers.IntegerField()
    listing_id = serializers.IntegerField()
    slug = serializers.SlugField()
    title = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    sku = serializers.CharField()
    picture = PictureField()
    quantity = serializers.IntegerField()
    unit_price = MoneyFields(source="unit")
    amount = MoneyFields()
    previous_price = MoneyFields(source="price_was", allow_null=True)
    available = serializers.IntegerField(
        help_text="Maximum quantity that can be delivered to the country of the cart in one order,"
        " as in `max_quantity` of the availability resource."
    )
    is_sold_out = serializers.BooleanField(
        help_text="Whether the item is out of stock. If this is false and `available` is 0, the"
        " item cannot be delivered to the country of the cart."
    )
    is_insufficient = serializers.BooleanField(
        source="is_short", help_text="Fewer are available than the quantity of the line."
    )


class CartSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(source="cart.token")
    country = serializers.CharField(
        source="cart.country", help_text="Delivery country. Availability applies to it."
    )
    locale = serializers.CharField(source="cart.locale")
    expires_at = serializers.SerializerMethodField()
    lines = CartLineSerializer(many=True, source="view.lines")
    count = serializers.IntegerField(source="view.count")
    subtotal = MoneyFields(source="view.subtotal")
    codes = serializers.ListField(
        source="cart.codes",
        child=serializers.CharField(),
        help_text="Promotion codes. The delivery options show their discounts.",
    )

    @extend_schema_field(serializers.DateTimeField())
    def get_expires_at(self, shown: Mapping[str, Any]) -> datetime:
        updated_at: datetime = shown["cart"].updated_at
        return updated_at + CART_RETENTION


def open_cart_of(request: Request, endpoint: Endpoint) -> Cart:
    """Return the cart of a request, if it can still change. Raises ProblemError."""
    require_identity()
    cart = carts.find(token=bearer_token(request), now=endpoint.now)
    if cart is None:
        raise ProblemError(problem_types.CART_NOT_FOUND)
    return cart


def cart_data(cart: Cart, endpoint: Endpoint) -> Mapping[str, Any]:
    checked_cart = availability.check_cart(cart=cart, country=cart.country, now=endpoint.now)
    return CartSerializer({"cart": cart, "view": checked_cart.cart}).data


def _deliverable(cart: Cart, endpoint: Endpoint) -> carts.DeliverableOf:
    return availability.make_delivery_check(
        country=cart.country, channel=cart.channel, now=endpoint.now
    )


cart_operation = partial(
    openapi,
    tag="carts",
    bearer=CART_TOKEN,
    answers={200: CartSerializer},
    problems=(problem_types.CART_NOT_FOUND,),
)


class CartList(Endpoint):
    @openapi(
        name="create_cart",
        tag="carts",
        summary="Create a cart",
        description=(
            "The response contains the token of the cart. The Idempotency-Key must therefore be"
            " hard to guess: at least 32 characters from 128 random bits, such as two UUIDs."
        ),
        body=NewCartSerializer,
        answers={201: CartSerializer},
        problems=(problem_types.COUNTRY_NOT_SERVED, problem_types.KEY_GUESSABLE),
        accepts_idempotency_key=True,
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            body = validated(NewCartSerializer, request)
            channel = sales_channel(request)
            cart = carts.open_cart(
                channel=channel,
                country=validated_country(channel, body["country"] or None),
                locale=body["locale"],
                now=self.now,
            )
            open_order_limits.link_session(cart=cart, token=body["previous_token"])
            return Response(cart_data(cart, self), status=status.HTTP_201_CREATED)

        # Callers behind one address are one principal, and the response holds the cart's token.
        return idempotency.run_idempotent(
            request, principal=idempotency.principal_of_address(request), work=work, is_secret=True
        )


class CartDetail(Endpoint):
    @cart_operation(name="get_cart", summary="Retrieve a cart with current prices and stock")
    def get(self, request: Request) -> Response:
        return Response(cart_data(open_cart_of(request, self), self))


class CartLines(Endpoint):
    @cart_operation(
        name="create_cart_line",
        summary="Add an item to a cart",
        description="If the listing is already in the cart, the quantity is added to its line.",
        body=NewLineSerializer,
        answers={201: CartSerializer},
        problems=LINE_PROBLEMS,
        accepts_idempotency_key=True,
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            cart = open_cart_of(request, self)
            line = validated(NewLineSerializer, request)
            deliverable = _deliverable(cart, self)
            carts.add(cart=cart, now=self.now, deliverable=deliverable, **line)
            return Response(cart_data(cart, self), status=status.HTTP_201_CREATED)

        principal = idempotency.principal_of_secret(bearer_token(request))
        return idempotency.run_idempotent(request, principal=principal, work=work)


class CartLineDetail(Endpoint):
    @cart_operation(
        name="update_cart_line",
        summary="Change the quantity of a line",
        body=ChangedLineSerializer,
        parameters=(LINE_ID,),
        problems=(*LINE_PROBLEMS, problem_types.CART_LINE_NOT_FOUND),
    )
    def patch(self, request: Request, line_id: int) -> Response:
        return self._changed(
            request, line_id, validated(ChangedLineSerializer, request)["quantity"]
        )

    @cart_operation(
        name="delete_cart_line",
        summary="Remove a line from a cart",
        parameters=(LINE_ID,),
        problems=(
            problem_types.CART_NOT_FOUND,
            problem_types.CART_LINE_NOT_FOUND,
            problem_types.CART_ALREADY_PLACED,
        ),
    )
    def delete(self, request: Request, line_id: int) -> Response:
        return self._changed(request, line_id, 0)

    def _changed(self, request: Request, line_id: int, quantity: int) -> Response:
        cart = open_cart_of(request, self)
        if line_id > MAX_ID or not cart.lines.filter(pk=line_id).exists():
            raise ProblemError(problem_types.CART_LINE_NOT_FOUND)
        carts.change(
            cart=cart,
            line_id=line_id,
            quantity=quantity,
            now=self.now,
            deliverable=_deliverable(cart, self),
        )
        return Response(cart_data(cart, self))


class CartCodes(Endpoint):
    @cart_operation(
        name="create_cart_code",
        summary="Add a promotion code to a cart",
        description="Only a valid code is saved, in its registered spelling. The"
        " delivery options show its discount, or why it gives none.",
        body=NewCodeSerializer,
        problems=(
            problem_types.CART_NOT_FOUND,
            problem_types.INVALID_COUPON,
            problem_types.TOO_MANY_COUPONS,
            problem_types.RATE_LIMITED,
        ),
    )
    def post(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        code = validated(NewCodeSerializer, request)["code"]
        network = client_range(request._request)  # noqa: SLF001 - DRF wraps it
        if is_rate_limited(what="code", who=network, per_hour=codes.MAX_ATTEMPTS_PER_HOUR):
            raise ProblemError(problem_types.RATE_LIMITED)
        codes.apply_code(cart=cart, code=code, now=self.now)
        return Response(cart_data(cart, self))

    @cart_operation(
        name="delete_cart_code",
        summary="Remove a promotion code from a cart",
        body=NewCodeSerializer,
    )
    def delete(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        code = validated(NewCodeSerializer, request)["code"]
        codes.remove_code(cart=cart, code=code, now=self.now)
        return Response(cart_data(cart, self))
