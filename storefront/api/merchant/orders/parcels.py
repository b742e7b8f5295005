"""Merchant API: list parcels with their tracking events, read one, mark one delivered."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shipping.models import Parcel
from shipping.shipments import outcomes
from shipping.shipments.event_sources import drop_superseded
from storefront.api.core import problem_types
from storefront.api.core.fields import validated, validated_query
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.schema import of_path
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.shared import (
    ReasonSerializer,
    action_operation,
    expanded_by,
)
from storefront.api.models import Scope

TAG = "parcels"
PARCEL_ID = of_path("parcel_id", "The parcel's id.", int)


class MerchantParcelLineSerializer(ResourceSerializer):
    id = serializers.IntegerField(source="order_line_id", help_text="The order line's id.")
    sku = serializers.CharField(source="order_line.sku")
    quantity = serializers.IntegerField()


class MerchantTrackingEventSerializer(serializers.Serializer[Any]):
    carrier_status = serializers.ChoiceField(Parcel.CarrierStatus.choices)
    description = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    happened_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()


class MerchantParcelSerializer(ResourceSerializer):
    """A parcel: ``status`` is the shop's, ``carrier_status`` the carrier's."""

    expandable: ClassVar = ("events",)

    id = serializers.IntegerField(source="pk")
    order = serializers.CharField(source="shipment.purchase_order.order.number")
    purchase_order = serializers.CharField(source="shipment.purchase_order.number")
    carrier = serializers.CharField()
    tracking_number = serializers.CharField(source="number", allow_blank=True)
    tracking_url = serializers.CharField(allow_blank=True)
    last_mile_carrier = serializers.CharField(allow_blank=True)
    last_mile_number = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(Parcel.Status.choices)
    status_since = serializers.DateTimeField()
    carrier_status = serializers.ChoiceField(Parcel.CarrierStatus.choices)
    carrier_status_at = serializers.DateTimeField(allow_null=True)
    label_created_at = serializers.DateTimeField()
    resolution = serializers.ChoiceField(
        Parcel.Resolution.choices, help_text="What was done about a lost or returned parcel."
    )
    lines = MerchantParcelLineSerializer(many=True)
    events = serializers.SerializerMethodField()

    @extend_schema_field(MerchantTrackingEventSerializer(many=True))
    def get_events(self, parcel: Parcel) -> Any:
        """Return the events that count, if the supplier and a tracking provider report them."""
        return MerchantTrackingEventSerializer(
            drop_superseded(parcel.tracking_events.all()), many=True
        ).data


class ParcelFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(Parcel.Status.choices, required=False)
    order = serializers.CharField(
        source="shipment__purchase_order__order__number",
        required=False,
        help_text="Number of the order.",
    )
    tracking_number = serializers.CharField(source="number", required=False)
    updated_since = serializers.DateTimeField(
        source="status_since__gte", required=False, help_text="The status changed then or later."
    )


class ParcelList(MerchantEndpoint):
    @list_operation(
        name="list_parcels",
        tag=TAG,
        summary="List parcels, newest first",
        serializer=MerchantParcelSerializer,
        scope=Scope.ORDERS_READ,
        filters=(ParcelFilter,),
    )
    def get(self, request: Request) -> Response:
        rows = parcel_rows(expanded_by(request)).filter(
            **validated_query(ParcelFilter, request.query_params)
        )
        return self.show_page(request, rows, MerchantParcelSerializer, order=("-pk",))


class ParcelDetail(MerchantEndpoint):
    @read_operation(
        name="get_parcel",
        tag=TAG,
        summary="Retrieve a parcel",
        serializer=MerchantParcelSerializer,
        scope=Scope.ORDERS_READ,
        parameters=(PARCEL_ID,),
    )
    def get(self, request: Request, parcel_id: int) -> Response:
        return self.show(request, _parcel(request, parcel_id), MerchantParcelSerializer)


class ParcelDelivery(MerchantEndpoint):
    @action_operation(
        name="deliver_parcel",
        tag=TAG,
        summary="Mark a parcel delivered",
        description="For a parcel whose carrier does not report it. A delivered parcel stays so.",
        answers={200: MerchantParcelSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.INVALID_STATUS),
        parameters=(PARCEL_ID,),
        body=ReasonSerializer,
    )
    def post(self, request: Request, parcel_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            parcel = _parcel(request, parcel_id)
            outcomes.mark_delivered(
                parcel=parcel,
                reason=validated(ReasonSerializer, request)["reason"],
                actor=self.client.actor,
                now=self.now,
            )
            return self.show(request, _parcel(request, parcel_id), MerchantParcelSerializer)

        return self.run_once(request, work)


def parcel_rows(expanded: Collection[str] = ()) -> QuerySet[Parcel]:
    """Return all parcels with what the serializer shows."""
    rows = Parcel.objects.select_related("shipment__purchase_order__order")
    rows = rows.prefetch_related("lines__order_line")
    return rows.prefetch_related("tracking_events") if "events" in expanded else rows


def _parcel(request: Request, pk: int) -> Parcel:
    return find_row(parcel_rows(expanded_by(request)), pk=pk)
