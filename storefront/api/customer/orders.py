"""Own orders: list, read and track the orders of the signed-in customer."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import Order
from storefront.api.core import problem_types
from storefront.api.core.paging import PARAMETERS, list_serializer, page_of
from storefront.api.customer.sessions import CustomerEndpoint, customer_operation
from storefront.api.resources.orders import (
    NUMBER,
    OrderLineSerializer,
    OrderSerializer,
    TrackingSerializer,
    visible_parcels,
)

SHOWN_PARTS = ("lines", "payments", "purchase_orders")
ONE_ORDER = (problem_types.SIGN_IN_REQUIRED, problem_types.OBJECT_NOT_FOUND)


class OwnOrderLineSerializer(OrderLineSerializer):
    id = serializers.IntegerField(source="pk", help_text="Names the line in a return.")


class OwnOrderSerializer(OrderSerializer):
    """An order of the customer. Its ``url`` opens it without a sign-in."""

    lines = OwnOrderLineSerializer(many=True)


class OwnOrderList(CustomerEndpoint):
    @customer_operation(
        name="list_my_orders",
        summary="List your orders, newest first",
        description="Orders placed while signed in, and those of your verified e-mail addresses.",
        answers={200: list_serializer(OwnOrderSerializer)},
        parameters=PARAMETERS,
        problems=(problem_types.SIGN_IN_REQUIRED, problem_types.INVALID_PARAMETERS),
    )
    def get(self, request: Request) -> Response:
        rows = self.orders().with_progress().prefetch_related(*SHOWN_PARTS)
        found, next_url = page_of(request, rows, order=("-pk",))
        return Response({"results": [shown(order) for order in found], "next": next_url})


class OwnOrderDetail(CustomerEndpoint):
    @customer_operation(
        name="get_my_order",
        summary="Retrieve one of your orders",
        parameters=(NUMBER,),
        answers={200: OwnOrderSerializer},
        problems=ONE_ORDER,
    )
    def get(self, request: Request, number: str) -> Response:  # noqa: ARG002
        found = self.order(number)
        rows = Order.objects.with_progress().prefetch_related(*SHOWN_PARTS)
        return Response(shown(rows.get(pk=found.pk)))


class OwnOrderTracking(CustomerEndpoint):
    @customer_operation(
        name="get_my_order_tracking",
        summary="Retrieve the parcels of one of your orders",
        parameters=(NUMBER,),
        answers={200: TrackingSerializer},
        problems=ONE_ORDER,
    )
    def get(self, request: Request, number: str) -> Response:  # noqa: ARG002
        order = self.order(number)
        parcels = visible_parcels(order)
        return Response(TrackingSerializer({"parcels": parcels}, context={"order": order}).data)


def shown(order: Order) -> Any:
    return OwnOrderSerializer(order, context={"currency": order.currency}).data
