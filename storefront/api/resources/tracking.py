"""Tracking resource: list the parcels of an order with their tracking events."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shipping.models import Parcel
from storefront.api.core import problem_types
from storefront.api.core.schema import ORDER_KEY, openapi
from storefront.api.core.views import Endpoint
from storefront.api.resources.orders import NUMBER, order_of


class ParcelLineSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField(source="order_line.sku")
    title = serializers.CharField(source="order_line.title")
    quantity = serializers.IntegerField()


class TrackingEventSerializer(serializers.Serializer[Any]):
    carrier_status = serializers.ChoiceField(Parcel.Carrier.choices)
    description = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    happened_at = serializers.DateTimeField(allow_null=True)


class ParcelSerializer(serializers.Serializer[Any]):
    """One parcel: its status in the shop (``status``), and at its carrier."""

    carrier = serializers.CharField()
    number = serializers.CharField()
    tracking_url = serializers.CharField(
        allow_blank=True, help_text="Tracking page of the carrier."
    )
    status = serializers.ChoiceField(Parcel.Status.choices)
    carrier_status = serializers.ChoiceField(Parcel.Carrier.choices)
    carrier_status_at = serializers.DateTimeField(allow_null=True)
    label_created_at = serializers.DateTimeField()
    lines = ParcelLineSerializer(many=True)
    events = TrackingEventSerializer(many=True, source="tracking_events")


class TrackingSerializer(serializers.Serializer[Any]):
    parcels = ParcelSerializer(many=True)


class OrderTracking(Endpoint):
    @openapi(
        name="track_order",
        tag="orders",
        summary="Retrieve the parcels of an order",
        bearer=ORDER_KEY,
        parameters=(NUMBER,),
        answers={200: TrackingSerializer},
        problems=(problem_types.ORDER_NOT_FOUND,),
    )
    def get(self, request: Request, number: str) -> Response:
        order = order_of(request, number)
        parcels = (
            Parcel.objects.filter(shipment__purchase_order__order=order)
            .exclude(status=Parcel.Status.VOIDED)
            .prefetch_related("lines__order_line", "tracking_events")
            .order_by("label_created_at", "pk")
        )
        return Response(TrackingSerializer({"parcels": parcels}).data)
