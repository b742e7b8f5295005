"""Merchant API: list returns, read one, open one for a customer."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import Order, ReturnAuthorization
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns import requests
from orders.returns.requests import ReturnRequest
from storefront.api.core import problem_types
from storefront.api.core.fields import (
    LineUnitsSerializer,
    RowMoneyField,
    StrictBooleanField,
    StrictCharField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt, form_key
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.shared import (
    MAX_LINES,
    NUMBER,
    action_operation,
    request_example,
    units_by_line,
)
from storefront.api.models import Scope

TAG = "returns"
Kind = ReturnAuthorization.Kind


class MerchantReturnLineSerializer(ResourceSerializer):
    """A line; ``id`` is that of the order line."""

    id = serializers.IntegerField(source="order_line_id")
    sku = serializers.CharField(source="order_line.sku")
    quantity = serializers.IntegerField()
    received = serializers.IntegerField(source="received_quantity")
    accepted = serializers.IntegerField(source="accepted_quantity")
    condition = serializers.ChoiceField(ReturnAuthorization.Condition.choices, allow_blank=True)
    deduction = RowMoneyField("deduction_amount", currency="authorization.currency")


class MerchantReturnSerializer(ResourceSerializer):
    """A return of items of one purchase order. Amounts are null until it is refunded."""

    key: ClassVar = "number"
    restricted: ClassVar = {"customer_message": Scope.CUSTOMERS_READ}

    number = serializers.CharField()
    order = serializers.CharField(source="order.number")
    purchase_order = serializers.CharField(source="purchase_order.number")
    kind = serializers.ChoiceField(Kind.choices)
    status = serializers.ChoiceField(ReturnAuthorization.Status.choices)
    status_since = serializers.DateTimeField()
    opened_at = serializers.DateTimeField()
    opened_by = serializers.CharField()
    customer_message = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="What the shop wrote.")
    destination = serializers.CharField(help_text="nowhere: the customer keeps the items.")
    label_payer = serializers.CharField()
    ship_by = serializers.DateField(allow_null=True)
    carrier = serializers.CharField(allow_blank=True)
    tracking_number = serializers.CharField(allow_blank=True)
    due = RowMoneyField("due_amount", allow_null=True)
    refunded = RowMoneyField("refund_amount", allow_null=True)
    lines = MerchantReturnLineSerializer(many=True)


class NewMerchantReturnSerializer(StrictSerializer):
    kind = serializers.ChoiceField(Kind.choices)
    lines = LineUnitsSerializer(many=True, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many
    message = StrictCharField(
        max_length=MAX_MESSAGE_LENGTH,
        allow_blank=True,
        default="",
        help_text="What the customer wrote; the receipt quotes it.",
    )
    ignore_deadlines = StrictBooleanField(
        default=False, help_text="Accept it although the return period is over."
    )


class OpenedReturnsSerializer(serializers.Serializer[Any]):
    returns = MerchantReturnSerializer(many=True)


class ReturnFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(ReturnAuthorization.Status.choices, required=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    order = serializers.CharField(
        source="order__number", required=False, help_text="Number of the order."
    )
    updated_since = serializers.DateTimeField(
        source="status_since__gte", required=False, help_text="The status changed then or later."
    )


class ReturnList(MerchantEndpoint):
    @list_operation(
        name="list_returns",
        tag=TAG,
        summary="List returns, newest first",
        serializer=MerchantReturnSerializer,
        scope=Scope.ORDERS_READ,
        filters=(ReturnFilter,),
    )
    def get(self, request: Request) -> Response:
        rows = return_rows().filter(**validated_query(ReturnFilter, request.query_params))
        return self.show_page(request, rows, MerchantReturnSerializer, order=("-pk",))


class ReturnDetail(MerchantEndpoint):
    @read_operation(
        name="get_return",
        tag=TAG,
        summary="Retrieve a return",
        serializer=MerchantReturnSerializer,
        scope=Scope.ORDERS_READ,
        parameters=(NUMBER,),
    )
    def get(self, request: Request, number: str) -> Response:
        return self.show(request, find_row(return_rows(), number=number), MerchantReturnSerializer)


class OrderReturns(MerchantEndpoint):
    @action_operation(
        name="create_return",
        tag=TAG,
        summary="Open a return for a customer",
        description="The customer gets the receipt by e-mail. A withdrawal is approved at once."
        " Items of several purchase orders become several returns.",
        answers={201: OpenedReturnsSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.CANNOT_RETURN),
        parameters=(NUMBER,),
        body=NewMerchantReturnSerializer,
        examples=request_example(
            kind="defect", lines=[{"line_id": 1, "quantity": 1}], message="It stays dark."
        ),
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = find_row(Order.objects.all(), number=number)
            wanted = validated(NewMerchantReturnSerializer, request)
            opened = requests.submit(
                order=order,
                request=ReturnRequest(
                    key=form_key(request, principal=self.principal),
                    kind=Kind(wanted["kind"]),
                    units=units_by_line(wanted["lines"], order.lines.values_list("pk", flat=True)),
                    customer_message=wanted["message"],
                ),
                actor=self.client.actor,
                now=self.now,
                ignore_deadlines=wanted["ignore_deadlines"],
            )
            return show_returns(self, request, opened)

        return self.run_once(request, work)


def show_returns(
    view: MerchantEndpoint, request: Request, opened: list[ReturnAuthorization]
) -> Response:
    rows = return_rows().filter(pk__in=[row.pk for row in opened]).order_by("pk")
    context = {"selection": view.selection(request, MerchantReturnSerializer)}
    shown = OpenedReturnsSerializer({"returns": rows}, context=context)
    return Response(shown.data, status=status.HTTP_201_CREATED)


def return_rows() -> QuerySet[ReturnAuthorization]:
    """Return all returns with what the serializer shows."""
    rows = ReturnAuthorization.objects.select_related("order", "purchase_order")
    return rows.prefetch_related("lines__order_line")
