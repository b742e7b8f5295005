"""Merchant API: list the messages that were sent about an order."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import Message
from orders.models import Order
from storefront.api.core import problem_types
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.orders import TAG
from storefront.api.merchant.orders.shared import NUMBER
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
    @list_operation(
        name="list_order_notifications",
        tag=TAG,
        summary="List the messages sent about an order, oldest first",
        serializer=NotificationSerializer,
        scope=Scope.ORDERS_READ,
        problems=(problem_types.OBJECT_NOT_FOUND,),
        filters=(NUMBER,),
    )
    def get(self, request: Request, number: str) -> Response:
        order = find_row(Order.objects.all(), number=number)
        rows = Message.objects.filter(event__subject=f"order:{order.number}")
        return self.show_page(request, rows.select_related("event"), NotificationSerializer)
