"""Merchant API: list and read products, create and change them."""

from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Listing, Product, Variant
from storefront.api.core import problem_types
from storefront.api.core.fields import validated, validated_query
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation, write_operation
from storefront.api.core.views import find_row
from storefront.api.merchant.catalog import writes
from storefront.api.merchant.catalog.changes import NewProductSerializer, ProductChangeSerializer
from storefront.api.merchant.catalog.filters import (
    GTIN,
    SKU,
    UPDATED_SINCE,
    GtinField,
    variants_of_gtin,
)
from storefront.api.merchant.catalog.serializers import ProductSerializer
from storefront.api.models import Scope

TAG = "products"


class ProductFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Product.Status.choices, required=False)
    sku = serializers.CharField(max_length=40, required=False)
    gtin = GtinField(required=False)
    channel = serializers.SlugField(max_length=30, required=False)
    updated_since = serializers.DateTimeField(required=False)


class ProductList(MerchantEndpoint):
    @list_operation(
        name="list_products",
        tag=TAG,
        summary="List products",
        serializer=ProductSerializer,
        scope=Scope.PRODUCTS_READ,
        filters=(
            UPDATED_SINCE,
            OpenApiParameter("status", str, enum=Product.Status.values),
            SKU,
            GTIN,
            OpenApiParameter(
                "channel", str, description="Code of a channel on which a variant is published."
            ),
        ),
    )
    def get(self, request: Request) -> Response:
        wanted = validated_query(ProductFilter, request.query_params)
        rows = products_with(self.selection(request, ProductSerializer).expanded)
        order: tuple[str, ...] = ("pk",)
        if "status" in wanted:
            rows = rows.filter(status=wanted["status"])
        if "sku" in wanted:
            rows = rows.filter(variants__sku=wanted["sku"])
        if "gtin" in wanted:
            variants = Variant.objects.filter(pk__in=variants_of_gtin(wanted["gtin"]))
            rows = rows.filter(pk__in=variants.values("product"))
        if "channel" in wanted:
            shown = Listing.objects.filter(channel__code=wanted["channel"], is_published=True)
            rows = rows.filter(Exists(shown.filter(variant__product=OuterRef("pk"))))
        if "updated_since" in wanted:
            rows = rows.filter(updated_at__gte=wanted["updated_since"])
            order = ("updated_at", "pk")
        return self.show_page(request, rows, ProductSerializer, order=order)

    @write_operation(
        name="create_product",
        tag=TAG,
        summary="Create a product",
        body=NewProductSerializer,
        answers={201: ProductSerializer},
        scope=Scope.PRODUCTS_WRITE,
        is_new=True,
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(NewProductSerializer, request)
            product = writes.create_product(values, actor=self.client.actor)
            return self.show(request, find_product(product.pk), ProductSerializer, status=201)

        return self.run_once(request, work)


class ProductDetail(MerchantEndpoint):
    @read_operation(
        name="get_product",
        tag=TAG,
        summary="Retrieve a product",
        serializer=ProductSerializer,
        scope=Scope.PRODUCTS_READ,
    )
    def get(self, request: Request, product_id: int) -> Response:
        expanded = self.selection(request, ProductSerializer).expanded
        return self.show(request, find_product(product_id, expanded), ProductSerializer)

    @write_operation(
        name="update_product",
        tag=TAG,
        summary="Change a product",
        body=ProductChangeSerializer,
        answers={200: ProductSerializer},
        scope=Scope.PRODUCTS_WRITE,
        problems=(problem_types.INVALID_STATUS,),
    )
    def patch(self, request: Request, product_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(ProductChangeSerializer, request)
            find_product(product_id)
            row = writes.change_product(
                product_id,
                values,
                actor=self.client.actor,
                now=self.now,
                check=partial(self.require_match, request, serializer=ProductSerializer),
            )
            return self.show(request, row, ProductSerializer)

        return self.run_once(request, work, is_required=False)


def products_with(expanded: frozenset[str]) -> QuerySet[Product]:
    """Return products with what their serializer reads."""
    parts = [
        *(["variants__identifiers"] if "variants" in expanded else []),
        *(["images"] if "images" in expanded else []),
    ]
    return Product.objects.select_related("brand", "category").prefetch_related(*parts)


def find_product(pk: int, expanded: frozenset[str] = frozenset()) -> Product:
    """Return a product. Raises ProblemError."""
    return find_row(products_with(expanded), pk=pk)
