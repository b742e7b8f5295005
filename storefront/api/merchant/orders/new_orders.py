"""Merchant API: place an order for a customer, who pays it by a link."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.markets import registry
from catalog.markets.registry import Market
from catalog.models import Channel, Listing
from orders.addresses import verification
from orders.cart import carts
from orders.links import order_url
from orders.models import Cart, Order
from orders.models.cart import MAX_QUANTITY
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    AddressFields,
    MoneyFields,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt, form_key
from storefront.api.core.views import Endpoint, require_identity
from storefront.api.merchant.orders.orders import TAG, OrderList
from storefront.api.merchant.orders.shared import action_operation, invalid_field
from storefront.api.resources.checkout import open_pay_url, place_cart
from storefront.lib.address import Address
from storefront.lib.db.bulk import insert
from storefront.lib.money import Money

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class OrderedUnitsSerializer(StrictSerializer):
    sku = StrictCharField(max_length=40)
    quantity = StrictIntegerField(min_value=1, max_value=MAX_QUANTITY)


class NewMerchantOrderSerializer(StrictSerializer):
    channel = StrictCharField(
        max_length=40,
        allow_blank=True,
        default="",
        help_text="Code of a market of our own site; by default, the main one.",
    )
    language = serializers.ChoiceField(
        LANGUAGES, required=False, help_text="By default, the first language of the market."
    )
    email = serializers.EmailField(max_length=254)
    ship_to = AddressFields()
    lines = OrderedUnitsSerializer(many=True, min_length=1, max_length=carts.MAX_LINES)  # type: ignore[call-arg]  # of many
    delivery = StrictCharField(
        max_length=20, allow_blank=True, default="", help_text="Its code; by default, the cheapest."
    )
    total = MoneyFields(
        required=False, help_text="The total that the customer agreed to; another one is refused."
    )
    address_reason = StrictCharField(
        max_length=verification.MAX_REASON,
        allow_blank=True,
        default="",
        help_text="Reason why the address is correct although invalid-address doubts it.",
    )


class PayableOrderSerializer(serializers.Serializer[Any]):
    """An order that awaits its payment. ``pay_url`` is null while the gateway is unavailable."""

    number = serializers.CharField()
    status = serializers.ChoiceField(Order.Status.choices)
    total = MoneyFields()
    payment_due_at = serializers.DateTimeField(help_text="Then its stock is released.")
    pay_url = serializers.URLField(allow_null=True)
    url = serializers.URLField(help_text="Order page of the customer, who can pay there as well.")


class OrderListAndCreation(OrderList):
    @action_operation(
        name="create_order",
        tag=TAG,
        summary="Place an order that the customer pays by a link",
        description="At the prices of the channel. Stock is reserved until payment_due_at. Send the"
        " customer to pay_url. The same Idempotency-Key never places two orders.",
        answers={201: PayableOrderSerializer},
        problems=(
            problem_types.UNKNOWN_SKU,
            problem_types.COUNTRY_NOT_SERVED,
            problem_types.NOT_FOR_SALE,
            problem_types.INSUFFICIENT_STOCK,
            problem_types.QUANTITY_LIMIT_EXCEEDED,
            problem_types.OUT_OF_STOCK,
            problem_types.PRICE_CHANGED,
            problem_types.CART_CHANGED,
            problem_types.ZERO_TOTAL,
            problem_types.DELIVERY_UNAVAILABLE,
            problem_types.INVALID_ADDRESS,
        ),
        body=NewMerchantOrderSerializer,
        examples=(
            OpenApiExample(
                "an order",
                value={
                    "email": "erika@example.org",
                    "ship_to": {
                        "name": "Erika Muster",
                        "line1": "Musterweg 1",
                        "postcode": "10115",
                        "city": "Berlin",
                        "country": "DE",
                    },
                    "lines": [{"sku": "HL-0042", "quantity": 1}],
                },
                request_only=True,
            ),
        ),
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            require_identity()
            # The token is known only to this request, and the same after a crash.
            digest = salted_hmac(
                "storefront.api.order",
                form_key(request, principal=self.principal),
                algorithm="sha256",
            )
            order, first = find_or_place(
                validated(NewMerchantOrderSerializer, request),
                token=digest.hexdigest()[:40],
                endpoint=self,
            )
            shown = {
                "number": order.number,
                "status": order.status,
                "total": order.total,
                "payment_due_at": order.payment_due_at,
                "pay_url": open_pay_url(order, first),
                "url": order_url(order),
            }
            return Response(PayableOrderSerializer(shown).data, status=status.HTTP_201_CREATED)

        return self.run_once(request, work)


def find_or_place(
    wanted: dict[str, Any], *, token: str, endpoint: Endpoint, reference: str = ""
) -> tuple[Order, Any]:
    """Return the order of a token; place it if there is none. Raises ProblemError.

    Shape:  ``wanted`` as ``NewMerchantOrderSerializer`` validates it; ``reference`` is the id of
            the order in the caller's system. The result has the first payment of a new order.
    Locks:  the caller holds a lock on the token
    """
    if order := Order.objects.filter(cart__token=token).first():
        return order, None
    Cart.objects.filter(token=token).delete()  # left by a request that crashed
    cart = _fill_cart(wanted, token, endpoint.now)
    total = wanted.get("total")
    return place_cart(
        cart,
        email=wanted["email"],
        ship_to=Address(**wanted["ship_to"]),
        delivery=wanted["delivery"],
        agreed=Money(**total) if total else None,
        address_reason=wanted["address_reason"],
        network="",
        endpoint=endpoint,
        reference=reference,
    )


def _fill_cart(wanted: dict[str, Any], token: str, now: datetime) -> Cart:
    """Return a new cart with the ordered units. Raises ProblemError."""
    market, language = _find_market(wanted["channel"], wanted.get("language"))
    skus = {line["sku"] for line in wanted["lines"]}
    found = Listing.objects.filter(channel__code=market.code, variant__sku__in=skus)
    listings = dict(found.values_list("variant__sku", "pk"))
    if unknown := sorted(skus - set(listings)):
        raise ProblemError(problem_types.UNKNOWN_SKU, skus=unknown)
    cart = carts.build_cart(
        channel=Channel.objects.get(code=market.code),
        country=wanted["ship_to"]["country"],
        locale=language,
        now=now,
    )
    cart.token = token
    insert([cart])
    for line in wanted["lines"]:
        listing_id = listings[line["sku"]]
        carts.add(cart=cart, listing_id=listing_id, quantity=line["quantity"], now=now)
    return cart


def _find_market(code: str, language: str | None) -> tuple[Market, str]:
    """Return a market and one of its languages, by default the first. Raises ProblemError."""
    markets = registry.load_markets()
    market = next((each for each in markets if code in {each.code, ""}), None)
    if market is None:
        known = ", ".join(each.code for each in markets)
        raise invalid_field("#/channel", f"Known markets: {known}.")
    if language and language not in market.languages:
        known = ", ".join(market.languages)
        raise invalid_field("#/language", f"Languages of the market: {known}.")
    return market, language or market.languages[0]
