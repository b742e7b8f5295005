"""Merchant API: list channels and categories."""

from typing import ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Category, Channel
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.models import Scope

TAG = "products"


class ChannelSerializer(ResourceSerializer):
    """A channel: one market with its own currency and prices."""

    key: ClassVar = "code"

    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    default_country = serializers.CharField()
    countries = serializers.ListField(child=serializers.CharField())
    prices_exclude_tax = serializers.BooleanField()


class CategorySerializer(ResourceSerializer):
    """A category, with the product families that it shows."""

    key: ClassVar = "slug"

    slug = serializers.CharField()
    names = serializers.DictField(child=serializers.CharField(), help_text="By language.")
    families = serializers.ListField(child=serializers.CharField())
    position = serializers.IntegerField()


class ChannelList(MerchantEndpoint):
    @list_operation(
        name="list_channels",
        tag=TAG,
        summary="List channels",
        serializer=ChannelSerializer,
        scope=Scope.PRODUCTS_READ,
    )
    def get(self, request: Request) -> Response:
        return self.show_page(request, Channel.objects.all(), ChannelSerializer)


class CategoryList(MerchantEndpoint):
    @list_operation(
        name="list_categories",
        tag=TAG,
        summary="List all categories",
        serializer=CategorySerializer,
        scope=Scope.PRODUCTS_READ,
    )
    def get(self, request: Request) -> Response:
        return self.show_page(request, Category.objects.all(), CategorySerializer)
