"""Availability resource: report how many units reach a country, when, at what delivery price."""

from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Variant
from orders.models.cart import MAX_QUANTITY
from shipping.availability import availability
from storefront.api.core import problem_types
from storefront.api.core.fields import DeliveryPromiseSerializer, validated_query
from storefront.api.core.schema import openapi
from storefront.api.core.views import Endpoint, sales_channel, validated_country

MAX_SKUS = 24
MAX_SKU = 60
CACHE_S = 30
NOT_FOR_SALE = {"most": 0, "fewer": 0, "more": None, "promise": None}


class AvailabilityQuery(serializers.Serializer[Any]):
    sku = serializers.ListField(
        child=serializers.CharField(max_length=MAX_SKU), min_length=1, max_length=MAX_SKUS
    )
    country = serializers.CharField(max_length=2, default="")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    by = serializers.DateField(default=None)


class AvailabilitySerializer(serializers.Serializer[Any]):
    """Availability of one variant. ``delivery`` is null if the quantity is not available."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    max_quantity = serializers.IntegerField(
        source="found.most",
        help_text="Maximum quantity that can be delivered in one order, in one or more parcels.",
    )
    lower_quantity = serializers.IntegerField(
        source="found.fewer", help_text="Nearest lower quantity that is available."
    )
    higher_quantity = serializers.IntegerField(
        source="found.more",
        allow_null=True,
        help_text="Nearest higher quantity: some products are sold in packs only.",
    )
    delivery = DeliveryPromiseSerializer(source="found.promise", allow_null=True)


class AvailabilityListSerializer(serializers.Serializer[Any]):
    country = serializers.CharField()
    by = serializers.DateField(allow_null=True)
    availability = AvailabilitySerializer(many=True)


class AvailabilityList(Endpoint):
    cache_for_s = CACHE_S

    @openapi(
        name="list_availability",
        tag="storefront catalog",
        summary="Check availability for a country and a date",
        description="Considers carriers, batteries, packs, the age of stock figures,"
        " handling time and transit time. For SKUs that are not for sale,"
        " max_quantity is 0.",
        parameters=(
            OpenApiParameter("sku", str, many=True, required=True, description="Up to 24 SKUs."),
            OpenApiParameter(
                "country", str, description="Delivery country. Default: the country of the shop."
            ),
            OpenApiParameter("quantity", {"type": "integer", "minimum": 1, "maximum": 99}),
            OpenApiParameter(
                "by", OpenApiTypes.DATE, description="Latest acceptable delivery date."
            ),
        ),
        answers={200: AvailabilityListSerializer},
        problems=(problem_types.INVALID_PARAMETERS, problem_types.COUNTRY_NOT_SERVED),
    )
    def get(self, request: Request) -> Response:
        params = request.query_params
        optional = {name: params[name] for name in ("country", "quantity", "by") if name in params}
        query = validated_query(AvailabilityQuery, {"sku": params.getlist("sku"), **optional})
        channel = sales_channel(request)
        country = validated_country(channel, query["country"] or None)
        by: date | None = query["by"]
        ids = dict(Variant.objects.filter(sku__in=query["sku"]).values_list("sku", "pk"))
        answers = availability.check_variants(
            variant_ids=list(ids.values()),
            country=country,
            channel=channel,
            quantity=query["quantity"],
            by=by,
            now=self.now,
        )
        shown = [
            {
                "sku": sku,
                "quantity": query["quantity"],
                "found": answers.get(ids.get(sku, 0), NOT_FOR_SALE),
            }
            for sku in dict.fromkeys(query["sku"])
        ]
        answer = {"country": country, "by": by, "availability": shown}
        return Response(AvailabilityListSerializer(answer).data)
