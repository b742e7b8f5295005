"""Coupon resource: add promotion codes to a cart, remove them."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from orders.promotions import codes
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import StrictCharField, StrictSerializer, validated
from storefront.api.core.schema import CART_TOKEN, openapi
from storefront.api.core.views import Endpoint
from storefront.api.resources.carts import CartSerializer, cart_data, open_cart_of
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited


class NewCodeSerializer(StrictSerializer):
    code = StrictCharField(max_length=codes.MAX_CODE_LENGTH, min_length=1)


class CartCodes(Endpoint):
    @openapi(
        name="add_coupon",
        tag="carts",
        summary="Add a promotion code to a cart",
        description="Only a valid code is saved, in its registered spelling. The"
        " delivery options show its discount, or why it gives none.",
        body=NewCodeSerializer,
        bearer=CART_TOKEN,
        answers={200: CartSerializer},
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
        who = client_range(request._request)  # noqa: SLF001 - DRF wraps it
        if is_rate_limited(what="code", who=who, per_hour=codes.MAX_ATTEMPTS_PER_HOUR):
            raise ProblemError(problem_types.RATE_LIMITED)
        codes.apply_code(cart=cart, code=code, now=self.now)
        return Response(cart_data(cart, self))

    @openapi(
        name="remove_coupon",
        tag="carts",
        summary="Remove a promotion code from a cart",
        body=NewCodeSerializer,
        bearer=CART_TOKEN,
        answers={200: CartSerializer},
        problems=(problem_types.CART_NOT_FOUND,),
    )
    def delete(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        code = validated(NewCodeSerializer, request)["code"]
        codes.remove_code(cart=cart, code=code, now=self.now)
        return Response(cart_data(cart, self))
