"""Coupon resource: add promotion codes to a cart, remove them."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from orders.promotions import codes
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import Strict, Text
from storefront.api.core.schema import CART_TOKEN, describes
from storefront.api.core.views import Endpoint
from storefront.api.resources.carts import CartShown, open_cart_of, shown
from storefront.lib.security.client_ip import visitor_of
from storefront.lib.security.rate_limit import is_too_often


class NewCode(Strict):
    code = Text(max_length=codes.LONGEST_CODE, min_length=1)


class CartCodes(Endpoint):
    @describes(
        name="write_code",
        tag="carts",
        summary="Add a promotion code to a cart",
        description="Only a valid code is saved, in its registered spelling. The"
        " delivery options show its discount, or why it gives none.",
        body=NewCode,
        bearer=CART_TOKEN,
        answers={200: CartShown},
        tells=(
            problem_types.NO_SUCH_CART,
            problem_types.CODE_REFUSED,
            problem_types.TOO_MANY_CODES,
            problem_types.TOO_OFTEN,
        ),
    )
    def post(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        asked = NewCode(data=request.data)
        asked.is_valid(raise_exception=True)
        who = visitor_of(request._request)  # noqa: SLF001 - DRF wraps it
        if is_too_often(what="code", who=who, per_hour=codes.TRIES_PER_HOUR):
            raise ProblemError(problem_types.TOO_OFTEN)
        codes.write_code(cart=cart, code=asked.validated_data["code"], now=self.now)
        return Response(shown(cart, self))

    @describes(
        name="take_out_code",
        tag="carts",
        summary="Take a code out of a cart",
        body=NewCode,
        bearer=CART_TOKEN,
        answers={200: CartShown},
        tells=(problem_types.NO_SUCH_CART,),
    )
    def delete(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        asked = NewCode(data=request.data)
        asked.is_valid(raise_exception=True)
        codes.take_out_code(cart=cart, code=asked.validated_data["code"], now=self.now)
        return Response(shown(cart, self))
