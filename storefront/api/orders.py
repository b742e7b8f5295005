"""Place an order, read it, pay it, cancel it. An order opens with its number and access key."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders import access, cancelling, carts, checkout, payments
from orders.access import order_url, paid_url
from orders.addresses import LIMITS
from orders.models import Cart, Order, Payment
from storefront.api import idempotency, kinds
from storefront.api.carts import COUNTRY, TOKEN, quotes_for
from storefront.api.describing import describes, of_path
from storefront.api.endpoint import Endpoint, country_on
from storefront.api.fields import MoneyFields, Strict, Text, picture_urls
from storefront.api.idempotency import Attempt
from storefront.api.problems import ProblemError
from storefront.lib.address import Address
from storefront.lib.failures import OutsideError
from storefront.lib.money import Money

log = logging.getLogger(__name__)

NUMBER = of_path("number", "The order's number.")
KEY = of_path("access_key", "The order's access key, given when it was placed.")
PAYABLE = (Payment.Status.CREATED, Payment.Status.REQUIRES_ACTION)
MAX_REASON = 200


class AddressFields(Strict):
    """Where the parcel goes. Which fields a country needs, its own rules say."""

    name = Text(max_length=LIMITS["name"])
    line1 = Text(max_length=LIMITS["line1"])
    line2 = Text(max_length=LIMITS["line2"], allow_blank=True, default="")
    postcode = Text(max_length=LIMITS["postcode"], allow_blank=True, default="")
    city = Text(max_length=LIMITS["city"])
    region = Text(max_length=LIMITS["region"], allow_blank=True, default="")
    country = serializers.RegexField(COUNTRY, help_text="ISO 3166-1 alpha-2.")
    phone = Text(max_length=LIMITS["phone"], allow_blank=True, default="")


class NewOrder(Strict):
    email = serializers.EmailField(max_length=254)
    ship_to = AddressFields()
    delivery = Text(max_length=20, help_text="One of the cart's delivery options.")
    total = MoneyFields(help_text="The total that the shopper agrees to.")


class PlacedShown(serializers.Serializer[Any]):
    """A placed order. Send the shopper to ``pay_url``; null: ask for it by ``pay/``."""

    number = serializers.CharField()
    access_key = serializers.CharField()
    url = serializers.URLField(help_text="The shop's own page of the order.")
    status = serializers.CharField()
    total = MoneyFields()
    pay_before = serializers.DateTimeField()
    pay_url = serializers.URLField(allow_null=True)


class OrderLineShown(serializers.Serializer[Any]):
    sku = serializers.CharField()
    title = serializers.CharField()
    picture = serializers.SerializerMethodField()
    quantity = serializers.IntegerField()
    canceled = serializers.IntegerField(source="canceled_quantity")
    shipped = serializers.IntegerField(source="shipped_quantity")
    delivered = serializers.IntegerField(source="delivered_quantity")
    unit = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.URLField()))
    def get_picture(self, line: Any) -> dict[str, str]:
        return picture_urls(line.picture)

    @extend_schema_field(MoneyFields)
    def get_unit(self, line: Any) -> Mapping[str, Any]:
        return MoneyFields(Money(line.unit_amount, self.context["currency"])).data

    @extend_schema_field(MoneyFields)
    def get_amount(self, line: Any) -> Mapping[str, Any]:
        return MoneyFields(Money(line.line_amount, self.context["currency"])).data


class OrderShown(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(Order.Status.choices)
    payment_status = serializers.CharField()
    fulfillment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    pay_before = serializers.DateTimeField()
    pay_url = serializers.SerializerMethodField(help_text="Null unless a payment waits.")
    email = serializers.EmailField()
    ship_to = AddressFields()
    lines = OrderLineShown(many=True)
    goods = serializers.SerializerMethodField()
    delivery = serializers.SerializerMethodField()
    tax = serializers.SerializerMethodField(help_text="Contained in the total.")
    total = MoneyFields()
    arrives_from = serializers.DateField(allow_null=True)
    arrives_to = serializers.DateField(allow_null=True)
    url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_pay_url(self, order: Order) -> str | None:
        waiting = (one.pay_url for one in order.payments.all() if one.status in PAYABLE)
        return next(waiting, None) or None

    @extend_schema_field(MoneyFields)
    def get_goods(self, order: Order) -> Mapping[str, Any]:
        return MoneyFields(Money(order.goods_amount, order.currency)).data

    @extend_schema_field(MoneyFields)
    def get_delivery(self, order: Order) -> Mapping[str, Any]:
        return MoneyFields(Money(order.delivery_amount, order.currency)).data

    @extend_schema_field(MoneyFields)
    def get_tax(self, order: Order) -> Mapping[str, Any]:
        return MoneyFields(Money(order.tax_amount, order.currency)).data

    @extend_schema_field(serializers.URLField())
    def get_url(self, order: Order) -> str:
        return order_url(order)


class PayShown(serializers.Serializer[Any]):
    pay_url = serializers.URLField()


class Reason(Strict):
    reason = Text(max_length=MAX_REASON, allow_blank=True, default="")


class CanceledShown(serializers.Serializer[Any]):
    """What came of it: ``canceled``, ``asked`` (the supplier has not answered) or ``in_part``."""

    outcome = serializers.ChoiceField(["canceled", "asked", "in_part"])
    status = serializers.ChoiceField(Order.Status.choices)


def order_of(number: str, access_key: str) -> Order:
    """Find an order.

    Raises: ProblemError  there is none, or the key is not its key
    """
    order = access.find(number=number, key=access_key)
    if order is None:
        raise ProblemError(kinds.NO_SUCH_ORDER)
    return order


def _placed(order: Order, pay_url: str | None) -> Response:
    shown = {
        "number": order.number,
        "access_key": order.access_key,
        "url": order_url(order),
        "status": order.status,
        "total": order.total,
        "pay_before": order.pay_before,
        "pay_url": pay_url,
    }
    return Response(PlacedShown(shown).data, status=status.HTTP_201_CREATED)


class Checkout(Endpoint):
    @describes(
        name="place_order",
        tag="orders",
        summary="Turn a cart into an order",
        description="Stock is held until pay_before. The same key never places two orders.",
        body=NewOrder,
        parameters=(TOKEN,),
        answers={201: PlacedShown},
        tells=(
            kinds.NO_SUCH_CART,
            kinds.NO_SUCH_COUNTRY,
            kinds.CART_PLACED,
            kinds.CART_CHANGED,
            kinds.EMPTY_CART,
            kinds.CANNOT_SUPPLY,
            kinds.PRICE_CHANGED,
            kinds.NO_DELIVERY,
            kinds.BAD_ADDRESS,
        ),
        needs_key=True,
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
                    "delivery": "economy",
                    "total": {"amount": "44.89", "currency": "EUR"},
                },
                request_only=True,
            ),
        ),
    )
    def post(self, request: Request, token: str) -> Response:
        def work(attempt: Attempt) -> Response:
            cart = Cart.objects.filter(token=token).select_related("channel", "order").first()
            if cart is None:
                raise ProblemError(kinds.NO_SUCH_CART)
            order: Order | None = getattr(cart, "order", None)
            if order is None:
                order = self._place(request, cart)
            elif not attempt.is_resumed:
                raise checkout.AlreadyPlacedError(order)
            return _placed(order, self._pay_url(order))

        principal = idempotency.by_secret(token)
        return idempotency.once(request, principal=principal, work=work, is_required=True)

    def _place(self, request: Request, cart: Cart) -> Order:
        asked = NewOrder(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        ship_to = Address(**wanted["ship_to"])
        country = country_on(cart.channel, ship_to.country)
        view = carts.look(cart=cart, now=self.now)
        found = quotes_for(view, cart, country=country, endpoint=self)
        quote = next((quote for quote in found if quote.tier == wanted["delivery"]), None)
        if quote is None:
            raise ProblemError(kinds.NO_DELIVERY, options=[quote.tier for quote in found])
        return checkout.place(
            cart=cart,
            email=wanted["email"],
            ship_to=ship_to,
            quote=quote,
            agreed=Money(**wanted["total"]),
            now=self.now,
        )

    def _pay_url(self, order: Order) -> str | None:
        """Open the payment; when the gateway is away, the order stands all the same."""
        try:
            return payments.start(order=order, return_url=paid_url(order), now=self.now).pay_url
        except (OutsideError, payments.NotPayableError) as error:
            log.warning("%s was placed, its payment is not open: %s", order, error)
            return None


class OrderDetail(Endpoint):
    @describes(
        name="read_order",
        tag="orders",
        summary="Read an order",
        parameters=(NUMBER, KEY),
        answers={200: OrderShown},
        tells=(kinds.NO_SUCH_ORDER,),
    )
    def get(self, _request: Request, number: str, access_key: str) -> Response:
        found = order_of(number, access_key)
        order = Order.objects.with_progress().prefetch_related("lines", "payments").get(pk=found.pk)
        return Response(OrderShown(order, context={"currency": order.currency}).data)


class OrderPay(Endpoint):
    @describes(
        name="pay_order",
        tag="orders",
        summary="Open a payment, or return the one that waits",
        description="After a declined card, this opens a new try.",
        parameters=(NUMBER, KEY),
        answers={200: PayShown},
        tells=(kinds.NO_SUCH_ORDER, kinds.NOT_PAYABLE, kinds.GATEWAY_AWAY),
    )
    def post(self, _request: Request, number: str, access_key: str) -> Response:
        order = order_of(number, access_key)
        payment = payments.start(order=order, return_url=paid_url(order), now=self.now)
        if payment.status not in PAYABLE:
            raise payments.NotPayableError(order.number)
        return Response(PayShown({"pay_url": payment.pay_url}).data)


class OrderCancel(Endpoint):
    @describes(
        name="cancel_order",
        tag="orders",
        summary="Cancel what has not been sent",
        body=Reason,
        parameters=(NUMBER, KEY),
        answers={200: CanceledShown},
        tells=(kinds.NO_SUCH_ORDER, kinds.TOO_LATE),
        takes_key=True,
    )
    def post(self, request: Request, number: str, access_key: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = order_of(number, access_key)
            asked = Reason(data=request.data)
            asked.is_valid(raise_exception=True)
            reason = asked.validated_data["reason"] or "canceled by the shopper"
            came = cancelling.cancel(order=order, reason=reason, actor="shopper", now=self.now)
            order.refresh_from_db()
            outcome = "canceled" if came.is_whole else "asked" if came.open else "in_part"
            return Response(CanceledShown({"outcome": outcome, "status": order.status}).data)

        return idempotency.once(request, principal=idempotency.by_secret(access_key), work=work)
