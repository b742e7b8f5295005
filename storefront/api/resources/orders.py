"""Order resource: read, pay and cancel an order.

The URL holds the order number; the Authorization header holds its access key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders import links
from orders.cancellation import cancellation, tasks
from orders.cancellation import status as cancellation_status
from orders.links import order_url, paid_url
from orders.models import Order, Payment
from orders.payments import sessions
from storefront.api.core import idempotency, problem_types
from storefront.api.core.api_keys import told_by
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import AddressFields, MoneyFields, Strict, Text, picture_urls
from storefront.api.core.idempotency import Attempt
from storefront.api.core.schema import ORDER_KEY, describes, of_path
from storefront.api.core.views import Endpoint
from storefront.lib.money import Money
from storefront.lib.tasks import wake

NUMBER = of_path("number", "The order's number.")
PAYABLE = (Payment.Status.CREATED, Payment.Status.REQUIRES_ACTION)
MAX_REASON = 200


class OrderLineShown(serializers.Serializer[Any]):
    sku = serializers.CharField(
        help_text="Several lines can have the same SKU: a line is split if it ships"
        " from several locations."
    )
    title = serializers.CharField()
    picture = serializers.SerializerMethodField()
    quantity = serializers.IntegerField()
    canceled = serializers.IntegerField(source="canceled_quantity")
    shipped = serializers.IntegerField(source="shipped_quantity")
    delivered = serializers.IntegerField(source="delivered_quantity")
    unit = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    discount = serializers.SerializerMethodField(help_text="Discount on the amount.")

    @extend_schema_field(serializers.DictField(child=serializers.URLField()))
    def get_picture(self, line: Any) -> dict[str, str]:
        return picture_urls(line.picture)

    @extend_schema_field(MoneyFields)
    def get_unit(self, line: Any) -> Mapping[str, Any]:
        return MoneyFields(Money(line.unit_amount, self.context["currency"])).data

    @extend_schema_field(MoneyFields)
    def get_amount(self, line: Any) -> Mapping[str, Any]:
        return MoneyFields(Money(line.line_amount, self.context["currency"])).data

    @extend_schema_field(MoneyFields)
    def get_discount(self, line: Any) -> Mapping[str, Any]:
        return MoneyFields(Money(line.discount_amount, self.context["currency"])).data


class OrderShown(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(Order.Status.choices)
    payment_status = serializers.CharField()
    fulfillment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    pay_before = serializers.DateTimeField()
    pay_url = serializers.SerializerMethodField(help_text="Null unless a payment is pending.")
    email = serializers.EmailField()
    ship_to = AddressFields()
    lines = OrderLineShown(many=True)
    goods = serializers.SerializerMethodField()
    delivery = serializers.SerializerMethodField()
    discount = serializers.SerializerMethodField(
        help_text="Discount on all lines and the delivery."
    )
    added_tax = serializers.SerializerMethodField(
        help_text="Tax that was not included in the prices."
    )
    tax = serializers.SerializerMethodField(help_text="All tax included in the total.")
    total = MoneyFields()
    arrives_from = serializers.DateField(allow_null=True)
    arrives_to = serializers.DateField(allow_null=True)
    url = serializers.SerializerMethodField()
    cancellation = serializers.SerializerMethodField(
        help_text="Status of the cancellation request: none, awaiting the suppliers,"
        " or rejected by a supplier. The status and the lines of the order"
        " show what was canceled."
    )

    @extend_schema_field(serializers.ChoiceField([each.value for each in cancellation_status.Wish]))
    def get_cancellation(self, order: Order) -> str:
        return cancellation_status.wish_of(order).value

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
    def get_discount(self, order: Order) -> Mapping[str, Any]:
        return MoneyFields(Money(order.discount_amount, order.currency)).data

    @extend_schema_field(MoneyFields)
    def get_added_tax(self, order: Order) -> Mapping[str, Any]:
        return MoneyFields(Money(order.added_tax_amount, order.currency)).data

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
    """Result of a cancellation: ``canceled``, ``asked`` or ``in_part``.

    After ``asked``, see the order's ``cancellation`` for the supplier's answer.
    """

    outcome = serializers.ChoiceField(["canceled", "asked", "in_part"])
    status = serializers.ChoiceField(Order.Status.choices)


def order_of(request: Request, number: str) -> Order:
    """Return an order by its number and the access key of the request.

    Raises: ProblemError: unknown order or wrong key.
    """
    order = links.find(number=number, key=told_by(request))
    if order is None:
        raise ProblemError(problem_types.NO_SUCH_ORDER)
    return order


class OrderDetail(Endpoint):
    @describes(
        name="read_order",
        tag="orders",
        summary="Retrieve an order",
        bearer=ORDER_KEY,
        parameters=(NUMBER,),
        answers={200: OrderShown},
        tells=(problem_types.NO_SUCH_ORDER,),
    )
    def get(self, request: Request, number: str) -> Response:
        found = order_of(request, number)
        order = Order.objects.with_progress().prefetch_related("lines", "payments").get(pk=found.pk)
        return Response(OrderShown(order, context={"currency": order.currency}).data)


class OrderPay(Endpoint):
    @describes(
        name="pay_order",
        tag="orders",
        summary="Create a payment, or return the pending one",
        description="After a declined card, this starts a new attempt.",
        bearer=ORDER_KEY,
        parameters=(NUMBER,),
        answers={200: PayShown},
        tells=(problem_types.NO_SUCH_ORDER, problem_types.NOT_PAYABLE, problem_types.GATEWAY_AWAY),
    )
    def post(self, request: Request, number: str) -> Response:
        order = order_of(request, number)
        payment = sessions.start(order=order, return_url=paid_url(order), now=self.now)
        if payment.status not in PAYABLE:
            raise sessions.NotPayableError(order.number)
        return Response(PayShown({"pay_url": payment.pay_url}).data)


class OrderCancel(Endpoint):
    @describes(
        name="cancel_order",
        tag="orders",
        summary="Cancel unshipped items",
        description="Items that no supplier has received are canceled immediately."
        " For the rest, we ask the supplier. Read the order later to see"
        " the answer.",
        body=Reason,
        bearer=ORDER_KEY,
        parameters=(NUMBER,),
        answers={200: CanceledShown},
        tells=(problem_types.NO_SUCH_ORDER, problem_types.TOO_LATE),
        takes_key=True,
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = order_of(request, number)
            asked = Reason(data=request.data)
            asked.is_valid(raise_exception=True)
            reason = asked.validated_data["reason"] or "canceled by the shopper"
            came = cancellation.cancel(order=order, reason=reason, actor="shopper", now=self.now)
            wake(tasks.follow_cancellation, order_id=order.pk)
            outcome = "canceled" if came.is_whole else "asked" if came.open else "in_part"
            return Response(CanceledShown({"outcome": outcome, "status": order.status}).data)

        principal = idempotency.by_secret(told_by(request))
        return idempotency.once(request, principal=principal, work=work)
