"""Own returns: show what can be returned, open a return, list the returns of the customer."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import ReturnAuthorization
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns import eligibility, requests
from orders.returns.requests import ReturnRequest
from storefront.api.core import idempotency, problem_types
from storefront.api.core.fields import (
    CurrencyAmountField,
    LineUnitsSerializer,
    StrictCharField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt, form_key
from storefront.api.core.paging import PARAMETERS, list_serializer, page_of
from storefront.api.customer.orders import ONE_ORDER
from storefront.api.customer.sessions import CustomerEndpoint, customer_operation
from storefront.api.resources.orders import NUMBER

Kind = ReturnAuthorization.Kind
# An item that never arrived is a problem report: its parcel page on the website takes it.
KINDS = [kind.value for kind in Kind if kind != Kind.NOT_RECEIVED]
MAX_LINES = 100


class OwnReturnLineSerializer(serializers.Serializer[Any]):
    line_id = serializers.IntegerField(source="order_line_id")
    sku = serializers.CharField(source="order_line.sku")
    title = serializers.CharField(source="order_line.title")
    quantity = serializers.IntegerField()


class OwnReturnSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    order = serializers.CharField(source="order.number")
    kind = serializers.ChoiceField(Kind.choices)
    status = serializers.ChoiceField(ReturnAuthorization.Status.choices)
    opened_at = serializers.DateTimeField()
    answer = serializers.CharField(help_text="What the shop wrote about it.")
    destination = serializers.CharField(help_text="nowhere: keep the items.")
    address = serializers.CharField(help_text="Where to send the items.")
    ship_by = serializers.DateField(allow_null=True)
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    refund = CurrencyAmountField(source="refund_amount", allow_null=True)
    lines = OwnReturnLineSerializer(many=True)


class ReturnableLineSerializer(serializers.Serializer[Any]):
    line_id = serializers.IntegerField()
    sku = serializers.CharField()
    withdrawal = serializers.IntegerField(help_text="Units that you can return without a reason.")
    complaint = serializers.IntegerField(help_text="Units that you can complain about.")


class OrderReturnsSerializer(serializers.Serializer[Any]):
    """The returns of an order, and what can still be returned."""

    withdraw_by = serializers.DateField(allow_null=True, help_text="Null until all has arrived.")
    returnable = ReturnableLineSerializer(many=True)
    returns = OwnReturnSerializer(many=True)


class NewReturnSerializer(StrictSerializer):
    kind = serializers.ChoiceField(KINDS)
    lines = LineUnitsSerializer(many=True, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many
    message = StrictCharField(
        max_length=MAX_MESSAGE_LENGTH,
        allow_blank=True,
        default="",
        help_text="Required for all kinds except withdrawal.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        lines = [line["line_id"] for line in attrs["lines"]]
        if len(set(lines)) != len(lines):
            raise serializers.ValidationError({"lines": ["A line_id is repeated."]})
        if attrs["kind"] != Kind.WITHDRAWAL and not attrs["message"].strip():
            raise serializers.ValidationError({"message": ["Describe the problem."]})
        return attrs


class OwnReturns(CustomerEndpoint):
    @customer_operation(
        name="list_my_returns",
        summary="List your returns, newest first",
        answers={200: list_serializer(OwnReturnSerializer)},
        parameters=PARAMETERS,
        problems=(problem_types.SIGN_IN_REQUIRED, problem_types.INVALID_PARAMETERS),
    )
    def get(self, request: Request) -> Response:
        rows = _returns().filter(order__in=self.orders().order_by().values("pk"))
        found, next_url = page_of(request, rows, order=("-pk",))
        return Response({"results": [_shown(row) for row in found], "next": next_url})


class OwnOrderReturns(CustomerEndpoint):
    @customer_operation(
        name="list_my_order_returns",
        summary="List the returns of an order, and what can be returned",
        parameters=(NUMBER,),
        answers={200: OrderReturnsSerializer},
        problems=ONE_ORDER,
    )
    def get(self, request: Request, number: str) -> Response:  # noqa: ARG002
        order = self.order(number)
        returnable = eligibility.find_returnable(order=order, now=self.now)
        lines = [
            {
                "line_id": line.pk,
                "sku": line.sku,
                "withdrawal": returnable.withdrawal_units.get(line.pk, 0),
                "complaint": returnable.complaint_units.get(line.pk, 0),
            }
            for line in returnable.lines
        ]
        shown = {
            "withdraw_by": returnable.withdrawal_deadline,
            "returnable": lines,
            "returns": _returns().filter(order=order),
        }
        context = {"currency": order.currency}
        return Response(OrderReturnsSerializer(shown, context=context).data)

    @customer_operation(
        name="create_my_return",
        summary="Return items of an order",
        description="A withdrawal is approved at once; our staff decide about a complaint. Items"
        " from several suppliers become several returns.",
        parameters=(NUMBER,),
        body=NewReturnSerializer,
        answers={201: OwnReturnSerializer(many=True)},
        problems=(*ONE_ORDER, problem_types.CSRF_FAILED, problem_types.CANNOT_RETURN),
        requires_idempotency_key=True,
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = self.order(number)
            wanted = validated(NewReturnSerializer, request)
            return_request = ReturnRequest(
                key=form_key(request, principal=self.principal),
                kind=Kind(wanted["kind"]),
                units={line["line_id"]: line["quantity"] for line in wanted["lines"]},
                customer_message=wanted["message"],
            )
            opened = requests.submit(
                order=order, request=return_request, actor="customer", now=self.now
            )
            rows = _returns().filter(pk__in=[row.pk for row in opened])
            return Response([_shown(row) for row in rows], status=status.HTTP_201_CREATED)

        return idempotency.run_idempotent(
            request, principal=self.principal, work=work, is_required=True
        )


def _returns() -> QuerySet[ReturnAuthorization]:
    rows = ReturnAuthorization.objects.select_related("order")
    return rows.prefetch_related("lines__order_line").order_by("-pk")


def _shown(row: ReturnAuthorization) -> Any:
    return OwnReturnSerializer(row, context={"currency": row.currency}).data
