"""Merchant API: list the messages that were sent about an order."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import Message
from orders.models import Order
from storefront.api.core import problem_types
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.paging import PARAMETERS, list_serializer
from storefront.api.core.selection import ResourceSerializer, parameters_of
from storefront.api.merchant.orders.orders import TAG
from storefront.api.merchant.orders.shared import NUMBER, find_by_number, read_operation
from storefront.api.models import Scope


class NotificationSerializer(ResourceSerializer):
    """A message to one recipient. ``delivery`` is what the mail provider reported."""

    restricted: ClassVar[Any] = {"recipient": Scope.CUSTOMERS_READ}

    id = serializers.IntegerField(source="pk")
    event = serializers.CharField(source="event.name")
    channel = serializers.CharField(source="sender")
    recipient = serializers.CharField()
    template = serializers.CharField()
    language = serializers.CharField(source="locale")
    status = serializers.ChoiceField(Message.Status.choices)
    status_since = serializers.DateTimeField()
    delivery = serializers.ChoiceField(Message.Delivery.choices)


class OrderNotifications(MerchantEndpoint):
    @read_operation(
        name="list_order_notifications",
        tag=TAG,
        summary="List the messages sent about an order, oldest first",
        answers={200: list_serializer(NotificationSerializer)},
        problems=(problem_types.UNKNOWN_NUMBER, problem_types.INVALID_PARAMETERS),
        parameters=(NUMBER, *parameters_of(NotificationSerializer), *PARAMETERS),
    )
    def get(self, request: Request, number: str) -> Response:
        order = find_by_number(Order.objects.all(), number)
        rows = Message.objects.filter(event__subject=f"order:{order.number}")
        return self.show_page(request, rows.select_related("event"), NotificationSerializer)
