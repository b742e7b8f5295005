"""Merchant API: list warehouses, list and set the stock of each item in each of them."""

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.fields import (
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, write_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.merchant.catalog import writes
from storefront.api.merchant.catalog.filters import SKU
from storefront.api.models import Scope
from suppliers.models import StockLevel, StockLocation

TAG = "stock"
MAX_QUANTITY = 1_000_000


class LocationSerializer(ResourceSerializer):
    """A warehouse of a supplier."""

    restricted: ClassVar = {"supplier": Scope.COSTS_READ}

    id = serializers.IntegerField()
    supplier = serializers.CharField(source="supplier.code")
    code = serializers.CharField()
    country = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    stock_confirmed_at = serializers.DateTimeField(
        allow_null=True, help_text="Confirms all figures that the last full report contained."
    )


class StockSerializer(ResourceSerializer):
    """The stock of one item in one warehouse, in units."""

    restricted: ClassVar = {"supplier": Scope.COSTS_READ, "supplier_sku": Scope.COSTS_READ}

    id = serializers.IntegerField()
    sku = serializers.CharField(source="offer.variant.sku", allow_null=True, default=None)
    location_id = serializers.IntegerField()
    country = serializers.CharField(source="location.country")
    reported = serializers.IntegerField(source="reported_quantity", help_text="By the supplier.")
    safety_stock = serializers.IntegerField(help_text="Never sold.")
    sold = serializers.IntegerField(
        source="allocated_outstanding", help_text="Sold, and not yet subtracted by the supplier."
    )
    reserved = serializers.IntegerField(help_text="Held for unpaid orders.")
    available = serializers.IntegerField(
        source="free", help_text="What can be sold, less what is deducted for the figure's age."
    )
    confirmed_at = serializers.DateTimeField(source="known_at")
    supplier = serializers.CharField(source="offer.supplier.code")
    supplier_sku = serializers.CharField(source="offer.supplier_sku")


class SetStockSerializer(StrictSerializer):
    """What is on the shelf now, or was at ``as_of``."""

    sku = StrictCharField(max_length=40, help_text="Our SKU.")
    location_id = StrictIntegerField(min_value=1)
    quantity = StrictIntegerField(min_value=0, max_value=MAX_QUANTITY)
    as_of = serializers.DateTimeField(required=False, default=None, help_text="Default: now.")


class StockFilter(serializers.Serializer[Any]):
    sku = serializers.CharField(max_length=40, required=False, source="offer__variant__sku")
    location_id = serializers.IntegerField(min_value=1, required=False)


class LocationList(MerchantEndpoint):
    @list_operation(
        name="list_locations",
        tag=TAG,
        summary="List warehouses",
        serializer=LocationSerializer,
        scope=Scope.INVENTORY_READ,
    )
    def get(self, request: Request) -> Response:
        rows = StockLocation.objects.select_related("supplier")
        return self.show_page(request, rows, LocationSerializer)


class StockList(MerchantEndpoint):
    @list_operation(
        name="list_stock",
        tag=TAG,
        summary="List stock by item and warehouse",
        serializer=StockSerializer,
        scope=Scope.INVENTORY_READ,
        filters=(SKU, OpenApiParameter("location_id", int)),
    )
    def get(self, request: Request) -> Response:
        wanted = validated_query(StockFilter, request.query_params)
        return self.show_page(request, stock_rows(self.now).filter(**wanted), StockSerializer)

    @write_operation(
        name="update_stock",
        tag=TAG,
        summary="Set the stock of an item in a warehouse",
        description="For warehouses of suppliers whose stock no system reports: your own, or that"
        " of a supplier who sends lists. Idempotent: the newest as_of counts",
        body=SetStockSerializer,
        answers={200: StockSerializer},
        scope=Scope.INVENTORY_WRITE,
        problems=(problem_types.STOCK_REPORTED_BY_SUPPLIER, problem_types.STOCK_QUARANTINED),
        accepts_if_match=False,
    )
    def put(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(SetStockSerializer, request)
            writes.set_stock(**values, actor=self.client.actor, now=self.now)
            level = stock_rows(self.now).get(
                offer__variant__sku=values["sku"], location=values["location_id"]
            )
            return self.show(request, level, StockSerializer)

        return self.run_once(request, work, is_required=False)


def stock_rows(now: datetime) -> Any:
    rows = StockLevel.objects.with_available(now)
    return rows.select_related("offer__variant", "offer__supplier", "location")
