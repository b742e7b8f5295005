"""Delivery options resource: quote prices, delivery dates and totals for a cart."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.addresses.validation import LIMITS
from orders.checkout.cart_totals import BuyerContext, calculate, quote_shipping_charges
from orders.models import Cart
from orders.promotions.codes import CodeRejection
from orders.promotions.engine import PromotionRejection
from orders.routing.delivery_quote import ShippingQuote
from shipping.availability import availability, delivery_methods
from shipping.availability.availability import CheckedCart
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import COUNTRY, MoneyFields, validated_query
from storefront.api.core.schema import CART_TOKEN, openapi
from storefront.api.core.views import Endpoint, validated_country
from storefront.api.resources.carts import open_cart_of


class PromotionSerializer(serializers.Serializer[Any]):
    """The discount of one promotion. ``code`` is empty if it applies without a code."""

    name = serializers.CharField(source="offer.name")
    code = serializers.CharField(source="offer.code", allow_blank=True)
    amount = MoneyFields()


class OptionSerializer(serializers.Serializer[Any]):
    """One delivery option of the whole cart. ``total`` is the amount to agree to in the order."""

    delivery = serializers.CharField(source="quote.code")
    price = MoneyFields(source="quote.price")
    total = MoneyFields(source="cart_totals.totals.total")
    discount = MoneyFields(source="cart_totals.totals.discount")
    added_tax = MoneyFields(
        source="cart_totals.totals.added",
        help_text="Tax that is not included in the prices. It is included in the total.",
    )
    promotions = PromotionSerializer(many=True, source="cart_totals.discounts.outcome.applied")
    refused_codes = serializers.DictField(
        source="cart_totals.discounts.refused",
        child=serializers.ChoiceField(
            choices=[reason.value for reason in (*CodeRejection, *PromotionRejection)]
        ),
        help_text="Codes of the cart that give no discount, with the reason.",
    )
    arrives_from = serializers.DateField(source="quote.arrives_from")
    arrives_to = serializers.DateField(source="quote.arrives_to")
    parcels = serializers.SerializerMethodField(help_text="Country that each parcel ships from.")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_parcels(self, shown: Mapping[str, Any]) -> list[str]:
        return [parcel.parcel.country for parcel in shown["quote"].parcels]


class OptionsSerializer(serializers.Serializer[Any]):
    country = serializers.CharField()
    options = OptionSerializer(many=True)


class DeliveryQuery(serializers.Serializer[Any]):
    postcode = serializers.CharField(
        max_length=LIMITS["postcode"], allow_blank=True, default=None, allow_null=True
    )


def quotes_for(
    cart: Cart, *, country: str, endpoint: Endpoint, postcode: str | None = None
) -> tuple[CheckedCart, Sequence[ShippingQuote]]:
    """Return a cart's content and delivery options. Raises ProblemError: units are missing."""
    checked_cart = availability.check_cart(cart=cart, country=country, now=endpoint.now)
    if not checked_cart.cart.lines:
        raise ProblemError(problem_types.EMPTY_CART)
    if checked_cart.short:
        raise insufficient_stock(checked_cart)
    methods = delivery_methods.quote_delivery_methods(
        cart=cart, checked_cart=checked_cart, country=country, now=endpoint.now, postcode=postcode
    )
    return checked_cart, methods.quotes


def insufficient_stock(checked_cart: CheckedCart) -> ProblemError:
    """Return the problem of lines with missing units, as the cart shows them."""
    lines = [
        {
            "sku": short.line.sku,
            "available": short.line.available,
            **(
                {"lower_quantity": short.fewer, "higher_quantity": short.more} if short.more else {}
            ),
        }
        for short in checked_cart.short
    ]
    return ProblemError(problem_types.OUT_OF_STOCK, **({"lines": lines} if lines else {}))


class CartDelivery(Endpoint):
    @openapi(
        name="list_delivery_options",
        tag="carts",
        summary="List the delivery options of a cart",
        bearer=CART_TOKEN,
        parameters=(
            OpenApiParameter(
                "country",
                {"type": "string", "pattern": COUNTRY},
                description="Delivery country. Default: the country of the cart.",
            ),
            OpenApiParameter(
                "postcode",
                {"type": "string", "maxLength": LIMITS["postcode"]},
                description="Postcode of the delivery address. Some suppliers charge"
                " more for some postcodes: without it, the total of the"
                " order may differ.",
            ),
        ),
        answers={200: OptionsSerializer},
        problems=(
            problem_types.INVALID_PARAMETERS,
            problem_types.CART_NOT_FOUND,
            problem_types.COUNTRY_NOT_SERVED,
            problem_types.EMPTY_CART,
            problem_types.OUT_OF_STOCK,
        ),
    )
    def get(self, request: Request) -> Response:
        cart = open_cart_of(request, self)
        country = validated_country(cart.channel, request.query_params.get("country", cart.country))
        postcode = validated_query(DeliveryQuery, request.query_params)["postcode"]
        checked_cart, quotes = quotes_for(cart, country=country, endpoint=self, postcode=postcode)
        view = checked_cart.cart
        buyer = BuyerContext.of_cart(cart, country=country, on=self.now.date(), tax=view.tax)
        keys = {line.variant_id: line.id for line in view.lines}
        cart_totals = [
            calculate(
                cart=cart,
                wanted=view.counted,
                shipping_charges=quote_shipping_charges(quote, line_ids=keys),
                buyer=buyer,
                now=self.now,
                may_promote=view.may_promote,
                applicable_promotions=checked_cart.applicable_promotions,
            )
            for quote in quotes
        ]
        options = [
            {"quote": quote, "cart_totals": totals}
            for quote, totals in zip(quotes, cart_totals, strict=True)
        ]
        return Response(OptionsSerializer({"country": country, "options": options}).data)
