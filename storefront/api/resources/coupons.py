"""Coupon resource: add promotion codes to a cart, remove them."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from orders.promotions import codes
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import StrictCharField, StrictSerializer
from storefront.api.core.schema import CART_TOKEN, openapi
from storefront.api.core.views import Endpoint
from storefront.api.resources.carts import CartSerializer, cart_data, open_cart_of
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited


class NewCodeSerializer(StrictSerializer):
    code = StrictCharField(max_length=codes.MAX_CODE_LENGTH, min_length=1)


class CartCodes(Endpoint):
    @openapi(
        name="write_code",
        tag="carts",
        summary="Add a promotion code to a cart",
        description="Only a valid code is saved, in its registered spelling. The"
        " delivery options show its discount, or why it gives none.",
        body=NewCodeSerializer,
        bearer=CART_TOKEN,
        answers={200: CartSerializer},
        problems=(
            problem_types.NO_SUCH_CART,
            problem_types.CODE_REFUSED,
            problem_types.TOO_MANY_CODES,
            problem_types.RATE_LIMITED,
        ),
    )
    def post(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        asked = NewCodeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        who = client_range(request._request)  # noqa: SLF001 - DRF wraps it
        if is_rate_limited(what="code", who=who, per_hour=codes.MAX_ATTEMPTS_PER_HOUR):
            raise ProblemError(problem_types.RATE_LIMITED)
        codes.apply_code(cart=cart, code=asked.validated_data["code"], now=self.now)
        return Response(cart_data(cart, self))

    @openapi(
        name="take_out_code",
        tag="carts",
        summary="Take a code out of a cart",
        body=NewCodeSerializer,
        bearer=CART_TOKEN,
        answers={200: CartSerializer},
        problems=(problem_types.NO_SUCH_CART,),
    )
    def delete(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        asked = NewCodeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        codes.remove_code(cart=cart, code=asked.validated_data["code"], now=self.now)
        return Response(cart_data(cart, self))
