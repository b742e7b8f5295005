"""Listings: what can be bought, in lists and one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import shelf, showing
from catalog.filters import CAN_BE_UNKNOWN, CHOICES, RANGES, SORTS, ShelfQuery
from catalog.models import Category
from storefront.api import kinds
from storefront.api.describing import describes, of_path
from storefront.api.endpoint import Endpoint, our_channel
from storefront.api.fields import MoneyFields, ReductionFields, picture_urls
from storefront.api.problems import ProblemError
from storefront.lib.money import Money

KEPT_FOR_S = 30
SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
UNITS = {"price": "money", "lm": "lumens", "h": "hours", "g": "grams"}


class Pictures(serializers.DictField):
    """Addresses of one picture by width in pixels; empty when there is none."""

    child = serializers.URLField()


class CategoryShown(serializers.Serializer[Any]):
    slug = serializers.SlugField()
    name = serializers.CharField()


class CardShown(serializers.Serializer[Any]):
    """One product in a list. Numbers that the supplier does not state are null."""

    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    family = serializers.CharField()
    picture = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField(help_text="Tax included; the lowest of its variants.")
    has_more_prices = serializers.BooleanField()
    is_available = serializers.SerializerMethodField()
    available = serializers.IntegerField()
    as_of = serializers.DateTimeField(allow_null=True)
    ships_from = serializers.ListField(child=serializers.CharField())
    output_lm = serializers.IntegerField(allow_null=True)
    intensity_cd = serializers.IntegerField(allow_null=True)
    beam_m = serializers.IntegerField(allow_null=True)
    runtime_min = serializers.IntegerField(allow_null=True)
    weight_g = serializers.IntegerField(allow_null=True)
    ip_rating = serializers.CharField(allow_blank=True)
    power = serializers.ListField(child=serializers.CharField())
    battery_format = serializers.CharField(allow_blank=True)
    features = serializers.ListField(child=serializers.CharField())

    @extend_schema_field(Pictures)
    def get_picture(self, card: shelf.CardView) -> dict[str, str]:
        return picture_urls(card.picture)

    @extend_schema_field(MoneyFields)
    def get_price(self, card: shelf.CardView) -> Mapping[str, Any]:
        return MoneyFields(Money(card.price_amount, self.context["currency"])).data

    def get_is_available(self, card: shelf.CardView) -> bool:
        return card.is_available(self.context["now"])


class ChoiceShown(serializers.Serializer[Any]):
    value = serializers.CharField()
    count = serializers.IntegerField()
    is_chosen = serializers.BooleanField()


class FacetShown(serializers.Serializer[Any]):
    code = serializers.CharField()
    parameter = serializers.CharField(source="param")
    has_range = serializers.BooleanField()
    choices = ChoiceShown(many=True)
    unknown = serializers.IntegerField(help_text="How many do not state it.")
    low = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    high = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)


class ShelfShown(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    in_stock = serializers.IntegerField()
    page = serializers.IntegerField(source="query.page")
    pages = serializers.IntegerField()
    corrected = serializers.CharField(
        allow_blank=True, help_text="What a mistyped q was taken for."
    )
    facets = FacetShown(many=True)
    results = CardShown(many=True, source="cards")


class ModeShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    output_lm = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    runtime_min = serializers.IntegerField(allow_null=True)
    intensity_cd = serializers.IntegerField(allow_null=True)


class SpecShown(serializers.Serializer[Any]):
    """What the light can do. Runtimes end at a tenth of the first output."""

    output_lm = serializers.IntegerField(allow_null=True)
    intensity_cd = serializers.IntegerField(allow_null=True)
    beam_m = serializers.IntegerField(allow_null=True)
    runtime_high_min = serializers.IntegerField(allow_null=True)
    runtime_max_min = serializers.IntegerField(allow_null=True)
    weight_g = serializers.IntegerField(allow_null=True)
    ip_rating = serializers.CharField(allow_blank=True)
    impact_m = serializers.DecimalField(max_digits=4, decimal_places=1, allow_null=True)
    cct_k = serializers.IntegerField(allow_null=True)
    cri = serializers.IntegerField(allow_null=True)
    power_sources = serializers.ListField(child=serializers.CharField())
    battery_format = serializers.CharField(allow_blank=True)
    battery_included = serializers.BooleanField(allow_null=True)
    charging = serializers.ListField(child=serializers.CharField())
    features = serializers.ListField(child=serializers.CharField())
    basis = serializers.CharField(help_text="Who says so.")


class VariantShown(serializers.Serializer[Any]):
    """One choice. ``listing_id`` is what goes into a cart."""

    listing_id = serializers.IntegerField()
    sku = serializers.CharField()
    gtin = serializers.CharField(allow_blank=True)
    mpn = serializers.CharField(allow_blank=True)
    options = serializers.ListField(child=serializers.CharField())
    color = serializers.CharField(allow_blank=True)
    weight_g = serializers.IntegerField(allow_null=True)
    lithium = serializers.CharField(help_text="How lithium cells travel with it.")
    price = MoneyFields()
    reduction = serializers.SerializerMethodField()
    is_available = serializers.SerializerMethodField()
    available = serializers.IntegerField()
    as_of = serializers.DateTimeField(allow_null=True)
    ships_from = serializers.DictField(child=serializers.IntegerField())
    pictures = serializers.SerializerMethodField()

    def get_is_available(self, variant: showing.VariantView) -> bool:
        return variant.is_available(self.context["now"])

    @extend_schema_field(ReductionFields(allow_null=True))
    def get_reduction(self, variant: showing.VariantView) -> Mapping[str, Any] | None:
        return ReductionFields(variant).data if variant.reduction else None

    @extend_schema_field(serializers.ListField(child=Pictures()))
    def get_pictures(self, variant: showing.VariantView) -> list[dict[str, str]]:
        return [picture_urls(picture.stem) for picture in variant.pictures]


class ProductShown(serializers.Serializer[Any]):
    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    family = serializers.CharField()
    category = serializers.SlugField(source="category.slug")
    summary = serializers.CharField(allow_blank=True)
    description_html = serializers.CharField(allow_blank=True, help_text="Sanitized.")
    option_names = serializers.ListField(child=serializers.CharField())
    spec = SpecShown(allow_null=True)
    modes = ModeShown(many=True)
    pictures = serializers.SerializerMethodField()
    variants = VariantShown(many=True)

    @extend_schema_field(serializers.ListField(child=Pictures()))
    def get_pictures(self, product: showing.ProductView) -> list[dict[str, str]]:
        return [picture_urls(picture.stem) for picture in product.pictures]


def _parameters() -> tuple[OpenApiParameter, ...]:
    """List the filters of a shelf, as the shop's own pages take them."""
    ranges = [
        OpenApiParameter(f"{name}_{end}", Decimal, description=f"In {UNITS[name]}.")
        for name in RANGES.values()
        for end in ("min", "max")
    ]
    choices = [
        OpenApiParameter(
            name, OpenApiTypes.STR, many=True, enum=known, description="Repeat to choose several."
        )
        for name, known in CHOICES.values()
    ]
    return (
        OpenApiParameter("q", str, description="Words: 18650 headlamp under 100 g."),
        OpenApiParameter("category", str, description="Slug of a category."),
        *ranges,
        *choices,
        OpenApiParameter(
            "unknown",
            OpenApiTypes.STR,
            many=True,
            enum=CAN_BE_UNKNOWN,
            description="Facets in which goods that state nothing are welcome too.",
        ),
        OpenApiParameter("in_stock", OpenApiTypes.STR, enum=("1",)),
        OpenApiParameter("sort", OpenApiTypes.STR, enum=SORTS),
        OpenApiParameter("page", {"type": "integer", "minimum": 1}),
    )


PARAMETERS = _parameters()
KNOWN = frozenset(parameter.name for parameter in PARAMETERS)


class CategoryList(Endpoint):
    kept_for_s = KEPT_FOR_S

    @describes(
        name="list_categories",
        tag="catalog",
        summary="List the categories",
        answers={200: CategoryShown(many=True)},
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
    kept_for_s = KEPT_FOR_S

    @describes(
        name="list_listings",
        tag="catalog",
        summary="List what is for sale",
        description="24 a page. Filters are those of the shop; facets count what each would bring.",
        parameters=PARAMETERS,
        answers={200: ShelfShown},
        tells=(kinds.INVALID_PARAMETERS,),
    )
    def get(self, request: Request) -> Response:
        query, category = self._asked(request)
        channel = our_channel()
        found = shelf.read(channel=channel, query=query, category=category, now=self.now)
        shown = ShelfShown(found, context={"currency": channel.currency, "now": self.now})
        return Response(shown.data)

    def _asked(self, request: Request) -> tuple[ShelfQuery, Category | None]:
        """Read the parameters; a program is told what a page would silently leave out.

        Raises: ProblemError  some are not understood
        """
        params = request.query_params
        slug = params.get("category", "")
        query = ShelfQuery.from_params(params, category=slug or None)
        category = None
        if slug and SLUG.fullmatch(slug):
            category = Category.objects.filter(slug=slug).first()
        wrong = dict.fromkeys(sorted(set(params) - KNOWN), _("There is no such parameter."))
        wrong |= dict.fromkeys(query.ignored, _("This value is not understood."))
        if slug and category is None:
            wrong["category"] = _("There is no such category.")
        if wrong:
            errors = [{"parameter": name[:100], "detail": words} for name, words in wrong.items()]
            raise ProblemError(kinds.INVALID_PARAMETERS, errors=errors)
        return query, category


class ListingDetail(Endpoint):
    kept_for_s = KEPT_FOR_S

    @describes(
        name="read_listing",
        tag="catalog",
        summary="Read one product with its variants",
        parameters=(of_path("slug", "Slug of the product."),),
        answers={200: ProductShown},
        tells=(kinds.NOT_FOUND,),
    )
    def get(self, _request: Request, slug: str) -> Response:
        found = showing.product(channel=our_channel(), slug=slug, now=self.now)
        if found is None:
            raise ProblemError(kinds.NOT_FOUND)
        return Response(ProductShown(found, context={"now": self.now}).data)
