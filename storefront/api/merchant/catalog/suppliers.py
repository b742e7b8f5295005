"""Merchant API: list suppliers, read one, list its sync runs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.fields import validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.models import Scope
from suppliers.models import Supplier, SyncRun

TAG = "suppliers"


class SupplierSerializer(ResourceSerializer):
    """A supplier."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=Supplier.Status.choices)
    currency = serializers.CharField(help_text="Currency of its costs, ISO 4217.")
    connector = serializers.CharField(source="adapter", help_text="Type of the integration.")
    lead_days = serializers.IntegerField(help_text="Days from our order to handover.")
    safety_stock = serializers.IntegerField(help_text="Units per item that are never sold.")


class SyncRunSerializer(ResourceSerializer):
    """One sync run of a supplier. ``ended_at`` is null while it runs."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=SyncRun.Kind.choices)
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    read = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    discontinued = serializers.IntegerField(source="gone")
    rejected = serializers.IntegerField()
    deferred = serializers.IntegerField(source="deferred_rows")
    problem = serializers.CharField(allow_blank=True)


class SupplierFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Supplier.Status.choices, required=False)


class RunFilter(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=SyncRun.Kind.choices, required=False)
    status = serializers.ChoiceField(choices=SyncRun.Status.choices, required=False)


class SupplierList(MerchantEndpoint):
    @list_operation(
        name="list_suppliers",
        tag=TAG,
        summary="List suppliers",
        serializer=SupplierSerializer,
        scope=Scope.SUPPLIERS_READ,
        filters=(OpenApiParameter("status", str, enum=Supplier.Status.values),),
    )
    def get(self, request: Request) -> Response:
        rows = Supplier.objects.filter(**validated_query(SupplierFilter, request.query_params))
        return self.show_page(request, rows, SupplierSerializer)


class SupplierDetail(MerchantEndpoint):
    @read_operation(
        name="get_supplier",
        tag=TAG,
        summary="Retrieve a supplier",
        serializer=SupplierSerializer,
        scope=Scope.SUPPLIERS_READ,
    )
    def get(self, request: Request, supplier_id: int) -> Response:
        return self.show(request, _supplier(supplier_id), SupplierSerializer)


class SupplierRunList(MerchantEndpoint):
    @list_operation(
        name="list_supplier_runs",
        tag=TAG,
        summary="List the sync runs of a supplier, newest first",
        serializer=SyncRunSerializer,
        scope=Scope.SUPPLIERS_READ,
        filters=(
            OpenApiParameter("kind", str, enum=SyncRun.Kind.values),
            OpenApiParameter("status", str, enum=SyncRun.Status.values),
        ),
        problems=(problem_types.OBJECT_NOT_FOUND,),
    )
    def get(self, request: Request, supplier_id: int) -> Response:
        filters = validated_query(RunFilter, request.query_params)
        rows = SyncRun.objects.filter(supplier=_supplier(supplier_id), **filters)
        return self.show_page(request, rows, SyncRunSerializer, order=("-pk",))


def _supplier(pk: int) -> Supplier:
    return find_row(Supplier.objects.all(), pk=pk)
