"""Merchant API: list and read variants, create and change them."""

from functools import partial
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Variant
from storefront.api.core import problem_types
from storefront.api.core.fields import validated, validated_query
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation, write_operation
from storefront.api.core.views import find_row
from storefront.api.merchant.catalog import writes
from storefront.api.merchant.catalog.changes import NewVariantSerializer, VariantChangeSerializer
from storefront.api.merchant.catalog.filters import GTIN, SKU, GtinField, variants_of_gtin
from storefront.api.merchant.catalog.products import find_product
from storefront.api.merchant.catalog.serializers import VariantSerializer
from storefront.api.models import Scope

TAG = "products"
VARIANTS = Variant.objects.prefetch_related("identifiers")


class VariantFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Variant.Status.choices, required=False)
    product_id = serializers.IntegerField(min_value=1, required=False)
    sku = serializers.CharField(max_length=40, required=False)
    gtin = GtinField(required=False)


class VariantList(MerchantEndpoint):
    @list_operation(
        name="list_variants",
        tag=TAG,
        summary="List variants",
        serializer=VariantSerializer,
        scope=Scope.PRODUCTS_READ,
        filters=(
            OpenApiParameter("product_id", int),
            SKU,
            GTIN,
            OpenApiParameter("status", str, enum=Variant.Status.values),
        ),
    )
    def get(self, request: Request) -> Response:
        wanted = validated_query(VariantFilter, request.query_params)
        rows = VARIANTS.all()
        if "gtin" in wanted:
            rows = rows.filter(pk__in=variants_of_gtin(wanted.pop("gtin")))
        return self.show_page(request, rows.filter(**wanted), VariantSerializer)


class ProductVariants(MerchantEndpoint):
    @write_operation(
        name="create_variant",
        tag=TAG,
        summary="Add a variant to a product",
        body=NewVariantSerializer,
        answers={201: VariantSerializer},
        scope=Scope.PRODUCTS_WRITE,
        problems=(problem_types.OBJECT_NOT_FOUND,),
        is_new=True,
    )
    def post(self, request: Request, product_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(NewVariantSerializer, request)
            product = find_product(product_id)
            variant = writes.create_variant(product, values, actor=self.client.actor)
            return self.show(request, find_variant(variant.pk), VariantSerializer, status=201)

        return self.run_once(request, work)


class VariantDetail(MerchantEndpoint):
    @read_operation(
        name="get_variant",
        tag=TAG,
        summary="Retrieve a variant",
        serializer=VariantSerializer,
        scope=Scope.PRODUCTS_READ,
    )
    def get(self, request: Request, variant_id: int) -> Response:
        return self.show(request, find_variant(variant_id), VariantSerializer)

    @write_operation(
        name="update_variant",
        tag=TAG,
        summary="Change a variant",
        body=VariantChangeSerializer,
        answers={200: VariantSerializer},
        scope=Scope.PRODUCTS_WRITE,
    )
    def patch(self, request: Request, variant_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(VariantChangeSerializer, request)
            find_variant(variant_id)
            row = writes.change_variant(
                variant_id,
                values,
                actor=self.client.actor,
                now=self.now,
                check=partial(self.require_match, request, serializer=VariantSerializer),
            )
            return self.show(request, row, VariantSerializer)

        return self.run_once(request, work, is_required=False)


def find_variant(pk: int) -> Variant:
    """Return a variant with its identifiers. Raises ProblemError."""
    return find_row(VARIANTS, pk=pk)
