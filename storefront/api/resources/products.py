"""Product resource: list categories, filter and page listings, return one in detail."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Category
from catalog.products import detail_query
from catalog.search import product_list
from catalog.search.custom_facets import custom_facets
from catalog.search.detail_facets import CUSTOM_PREFIX, DETAIL_FACETS, DETAIL_RANGES
from catalog.search.filters import (
    ALL_CAN_BE_UNKNOWN,
    ALL_CHOICES,
    DYNAMIC_CHOICES,
    RANGES,
    SORTS,
    ProductFilter,
)
from shipping.availability import availability
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import COUNTRY
from storefront.api.core.schema import of_path, openapi
from storefront.api.core.views import Endpoint, sales_channel, validated_country
from storefront.api.resources.product_serializers import ProductCardSerializer, ProductSerializer

CACHE_S = 30
SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
COUNTRY_PARAMETER = OpenApiParameter(
    "country",
    {"type": "string", "pattern": COUNTRY},
    description="Delivery country. Default: the default country of the shop.",
)
FACET_DESCRIPTIONS = {
    "brand": "Name of a brand, as listed in the facets.",
    "origin": "Code of a country that the product can be sent from.",
}
UNITS = {"price": "money", "lm": "lumens", "m": "meters", "h": "hours", "g": "grams"}


class CategorySerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField()
    name = serializers.CharField()


class ChoiceSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    count = serializers.IntegerField()
    is_chosen = serializers.BooleanField()


class FacetSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    parameter = serializers.CharField(source="param")
    has_range = serializers.BooleanField()
    choices = ChoiceSerializer(many=True)
    unknown = serializers.IntegerField(help_text="Number of products that do not state it.")
    low = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    high = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)


class ProductListSerializer(serializers.Serializer[Any]):
    country = serializers.SerializerMethodField(
        help_text="Country to which `available` and `delivery` apply."
    )
    total = serializers.IntegerField()
    in_stock = serializers.IntegerField(
        help_text="Number of products that can be delivered to the country."
    )
    page = serializers.IntegerField(source="query.page")
    pages = serializers.IntegerField()
    corrected = serializers.CharField(
        allow_blank=True, help_text="Corrected spelling of q that was searched for."
    )
    dropped = serializers.ListField(
        child=serializers.CharField(),
        help_text="Words of q that were left out, because no product matches them together with the others.",
    )
    facets = FacetSerializer(many=True)
    results = ProductCardSerializer(many=True, source="cards")

    def get_country(self, _page: product_list.ProductListPage) -> str:
        return str(self.context["country"])


def _parameters() -> tuple[OpenApiParameter, ...]:
    """Return the query parameters of the product list, the same as on the shop's pages."""
    ranges = [
        OpenApiParameter(f"{name}_{end}", Decimal, description=f"In {unit}.")
        for name, unit in (
            *((name, UNITS[name]) for name in RANGES.values()),
            *((code, DETAIL_FACETS[code].unit) for code in DETAIL_RANGES),
        )
        for end in ("min", "max")
    ]
    choices = [
        OpenApiParameter(
            name,
            OpenApiTypes.STR,
            many=True,
            enum=known,
            description="Repeat the parameter to choose several values.",
        )
        for name, known in ALL_CHOICES.values()
    ]
    return (
        OpenApiParameter("q", str, description="Search words, such as 18650 headlamp under 100 g."),
        OpenApiParameter("category", str, description="Slug of a category."),
        *ranges,
        *choices,
        *(
            OpenApiParameter(
                name,
                OpenApiTypes.STR,
                many=True,
                description=f"{FACET_DESCRIPTIONS[code]} Repeat the parameter to choose several values.",
            )
            for code, name in DYNAMIC_CHOICES.items()
        ),
        OpenApiParameter(
            "unknown",
            OpenApiTypes.STR,
            many=True,
            enum=ALL_CAN_BE_UNKNOWN,
            description="Facets that also match products without a stated value.",
        ),
        OpenApiParameter(
            "more",
            OpenApiTypes.STR,
            enum=("1",),
            description="Also count the facets that the shop folds, such as length and charging.",
        ),
        OpenApiParameter(
            "in_stock",
            OpenApiTypes.STR,
            enum=("1",),
            description="Only products that can be delivered to the country.",
        ),
        OpenApiParameter("sort", OpenApiTypes.STR, enum=SORTS),
        OpenApiParameter("page", {"type": "integer", "minimum": 1}),
        COUNTRY_PARAMETER,
    )


PARAMETERS = _parameters()
KNOWN = frozenset(parameter.name for parameter in PARAMETERS)
MAY_BE_EMPTY = ("q", "country")  # an empty country is refused as one without delivery


def _custom_parameters(query: ProductFilter) -> Iterator[str]:
    """Yield the parameters of custom attributes."""
    for code, facet in query.custom:
        yield from (code,) if facet.values else (f"{code}_min", f"{code}_max")


class CategoryList(Endpoint):
    cache_for_s = CACHE_S

    @openapi(
        name="list_storefront_categories",
        tag="storefront catalog",
        summary="List categories",
        answers={200: CategorySerializer(many=True)},
    )
    def get(self, _request: Request) -> Response:
        language = get_language() or "en"
        return Response(
            [
                {"slug": category.slug, "name": category.name_in(language)}
                for category in Category.objects.order_by("position", "pk")
            ]
        )


class ListingList(Endpoint):
    cache_for_s = CACHE_S

    @openapi(
        name="list_storefront_listings",
        tag="storefront catalog",
        summary="List products",
        description="24 products a page. The filters are those of the shop. Each"
        " facet value has the number of its results. Facets of attributes that the shop added have"
        f" parameters beginning with `{CUSTOM_PREFIX}`, named in `facets`.",
        parameters=PARAMETERS,
        answers={200: ProductListSerializer},
        problems=(problem_types.INVALID_PARAMETERS, problem_types.COUNTRY_NOT_SERVED),
    )
    def get(self, request: Request) -> Response:
        query, category = self._parse_query(request)
        channel = sales_channel(request)
        country = validated_country(channel, request.query_params.get("country"))
        page = product_list.load_page(
            channel=channel, query=query, country=country, category=category, now=self.now
        )
        answers = availability.check_listed_variants(
            shown={card.variant_id: card for card in page.cards},
            country=country,
            channel=channel,
            now=self.now,
        )
        context = {"currency": channel.currency, "country": country, "answers": answers}
        return Response(ProductListSerializer(page, context=context).data)

    def _parse_query(self, request: Request) -> tuple[ProductFilter, Category | None]:
        """Parse the query parameters; unlike a page, refuse unknown and empty ones.

        Raises: ProblemError: some are malformed, empty or unknown.
        """
        params = request.query_params
        slug = params.get("category", "")
        query = ProductFilter.from_params(params, category=slug or None, custom=custom_facets())
        category = None
        if slug and SLUG.fullmatch(slug):
            category = Category.objects.filter(slug=slug).first()
        known = KNOWN.union(_custom_parameters(query))
        invalid = dict.fromkeys(sorted(set(params) - known), _("This parameter does not exist."))
        empty = [
            name for name in params if name not in MAY_BE_EMPTY and not all(params.getlist(name))
        ]
        invalid |= dict.fromkeys([*query.ignored, *empty], _("This value is not valid."))
        if slug and category is None:
            invalid["category"] = _("This category does not exist.")
        if invalid:
            errors = [
                {"parameter": name[:100], "detail": message} for name, message in invalid.items()
            ]
            raise ProblemError(problem_types.INVALID_PARAMETERS, errors=errors)
        return query, category


class ListingDetail(Endpoint):
    cache_for_s = CACHE_S

    @openapi(
        name="get_storefront_listing",
        tag="storefront catalog",
        summary="Retrieve a product with its variants",
        parameters=(of_path("slug", "Slug of the product."), COUNTRY_PARAMETER),
        answers={200: ProductSerializer},
        problems=(problem_types.NOT_FOUND, problem_types.COUNTRY_NOT_SERVED),
    )
    def get(self, request: Request, slug: str) -> Response:
        channel = sales_channel(request)
        country = validated_country(channel, request.query_params.get("country"))
        product = detail_query.load_product(channel=channel, slug=slug, now=self.now)
        if product is None:
            raise ProblemError(problem_types.NOT_FOUND)
        answers = availability.check_shown_variants(
            shown={variant.id: variant for variant in product.variants},
            country=country,
            channel=channel,
            now=self.now,
        )
        context = {"country": country, "answers": answers}
        return Response(ProductSerializer(product, context=context).data)
