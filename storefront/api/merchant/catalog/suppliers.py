"""Merchant API: list suppliers, read one, list its sync runs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.paging import PARAMETERS, list_serializer
from storefront.api.core.schema import openapi
from storefront.api.core.selection import ResourceSerializer, parameters_of
from storefront.api.models import Scope
from suppliers.models import Supplier, SyncRun

TAG = "suppliers"


class SupplierSerializer(ResourceSerializer):
    """A supplier."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=Supplier.Status.values)
    currency = serializers.CharField(help_text="Currency of its costs, ISO 4217.")
    connector = serializers.CharField(source="adapter", help_text="Type of the integration.")
    lead_days = serializers.IntegerField(help_text="Days from our order to handover.")
    safety_stock = serializers.IntegerField(help_text="Units per item that are never sold.")


class SyncRunSerializer(ResourceSerializer):
    """One sync run of a supplier. ``ended_at`` is null while it runs."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=SyncRun.Kind.values)
    status = serializers.ChoiceField(choices=SyncRun.Status.values)
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
    status = serializers.ChoiceField(choices=Supplier.Status.values, required=False)


class RunFilter(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=SyncRun.Kind.values, required=False)
    status = serializers.ChoiceField(choices=SyncRun.Status.values, required=False)


class SupplierList(MerchantEndpoint):
    @openapi(
        name="list_suppliers",
        tag=TAG,
        summary="List suppliers",
        answers={200: list_serializer(SupplierSerializer)},
        problems=(problem_types.INVALID_PARAMETERS,),
        scope=Scope.SUPPLIERS_READ,
        parameters=(
            OpenApiParameter("status", str, enum=Supplier.Status.values),
            *parameters_of(SupplierSerializer),
            *PARAMETERS,
        ),
    )
    def get(self, request: Request) -> Response:
        rows = Supplier.objects.filter(**validated_query(SupplierFilter, request.query_params))
        return self.show_page(request, rows, SupplierSerializer)


class SupplierDetail(MerchantEndpoint):
    @openapi(
        name="get_supplier",
        tag=TAG,
        summary="Read a supplier",
        answers={200: SupplierSerializer},
        problems=(problem_types.NOT_FOUND, problem_types.INVALID_PARAMETERS),
        scope=Scope.SUPPLIERS_READ,
        parameters=parameters_of(SupplierSerializer),
        has_etag=True,
    )
    def get(self, request: Request, supplier_id: int) -> Response:
        return self.show(request, _supplier(supplier_id), SupplierSerializer)


class SupplierRunList(MerchantEndpoint):
    @openapi(
        name="list_supplier_runs",
        tag=TAG,
        summary="List the sync runs of a supplier, newest first",
        answers={200: list_serializer(SyncRunSerializer)},
        problems=(problem_types.NOT_FOUND, problem_types.INVALID_PARAMETERS),
        scope=Scope.SUPPLIERS_READ,
        parameters=(
            OpenApiParameter("kind", str, enum=SyncRun.Kind.values),
            OpenApiParameter("status", str, enum=SyncRun.Status.values),
            *parameters_of(SyncRunSerializer),
            *PARAMETERS,
        ),
    )
    def get(self, request: Request, supplier_id: int) -> Response:
        filters = validated_query(RunFilter, request.query_params)
        rows = SyncRun.objects.filter(supplier=_supplier(supplier_id), **filters)
        return self.show_page(request, rows, SyncRunSerializer, order=("-pk",))


def _supplier(pk: int) -> Supplier:
    supplier = Supplier.objects.filter(pk=pk).first()
    if supplier is None:
        raise ProblemError(problem_types.NOT_FOUND)
    return supplier
