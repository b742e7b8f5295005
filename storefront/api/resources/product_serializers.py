"""Product serializers: render a product for a list, or in detail with all its variants.

Both serializers need two context values: ``country``, and ``answers``, which maps the id of each
variant to its availability in that country.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.products import detail
from catalog.search.cards import ProductCardRow
from shipping.availability.reach import Availability
from storefront.api.core.fields import (
    DeliveryPromiseSerializer,
    MoneyFields,
    ReductionFields,
    picture_urls,
)
from storefront.lib.money import Money

MOST_HELP = "Maximum quantity that can be delivered to the country at once: most of availability."
DELIVERY_HELP = "Delivery dates of one unit; null if it is not available."
IN_STOCK_HELP = "In stock. If true and available is 0, it cannot be delivered to the country."


class Pictures(serializers.DictField):
    """URLs of one picture by width in pixels; empty without a picture."""

    child = serializers.URLField()


class ProductCardSerializer(serializers.Serializer[Any]):
    """A product in a list. Numbers that the supplier does not state are null."""

    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    family = serializers.CharField()
    picture = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField(
        help_text="Lowest price of the variants, tax included."
    )
    has_more_prices = serializers.BooleanField()
    is_available = serializers.SerializerMethodField(help_text=IN_STOCK_HELP)
    available = serializers.SerializerMethodField(
        help_text=f"{MOST_HELP} For the variant with the shown price."
    )
    delivery = serializers.SerializerMethodField(
        help_text=f"{DELIVERY_HELP} For the variant with the shown price."
    )
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
    def get_picture(self, card: ProductCardRow) -> dict[str, str]:
        return picture_urls(card.picture)

    @extend_schema_field(MoneyFields)
    def get_price(self, card: ProductCardRow) -> Mapping[str, Any]:
        return MoneyFields(Money(card.price_amount, self.context["currency"])).data

    def get_is_available(self, card: ProductCardRow) -> bool:
        return _is_in_stock(self._answer(card))

    def get_available(self, card: ProductCardRow) -> int:
        return _most(self._answer(card))

    @extend_schema_field(DeliveryPromiseSerializer(allow_null=True))
    def get_delivery(self, card: ProductCardRow) -> Mapping[str, Any] | None:
        return _delivery(self._answer(card))

    def _answer(self, card: ProductCardRow) -> Availability | None:
        found: Availability | None = self.context["answers"].get(card.variant_id)
        return found


class ModeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    output_lm = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    runtime_min = serializers.IntegerField(allow_null=True)
    intensity_cd = serializers.IntegerField(allow_null=True)


class SpecSerializer(serializers.Serializer[Any]):
    """Specification of the product. Runtimes end at a tenth of the first output."""

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
    basis = serializers.CharField(help_text="Source of the figures.")


class VariantSerializer(serializers.Serializer[Any]):
    """A variant. Use ``listing_id`` to add it to a cart."""

    listing_id = serializers.IntegerField()
    sku = serializers.CharField()
    gtin = serializers.CharField(allow_blank=True)
    mpn = serializers.CharField(allow_blank=True)
    options = serializers.ListField(child=serializers.CharField())
    color = serializers.CharField(allow_blank=True)
    weight_g = serializers.IntegerField(allow_null=True)
    lithium = serializers.CharField(
        help_text="How the lithium battery is packed: none, inside, with or alone."
    )
    price = MoneyFields()
    reduction = serializers.SerializerMethodField()
    is_available = serializers.SerializerMethodField(help_text=IN_STOCK_HELP)
    available = serializers.SerializerMethodField(help_text=MOST_HELP)
    delivery = serializers.SerializerMethodField(help_text=DELIVERY_HELP)
    as_of = serializers.DateTimeField(allow_null=True)
    ships_from = serializers.DictField(
        child=serializers.IntegerField(), help_text="Stock in each country."
    )
    pictures = serializers.SerializerMethodField()

    def get_is_available(self, variant: detail.VariantView) -> bool:
        return _is_in_stock(self.context["answers"][variant.id])

    def get_available(self, variant: detail.VariantView) -> int:
        return _most(self.context["answers"][variant.id])

    @extend_schema_field(DeliveryPromiseSerializer(allow_null=True))
    def get_delivery(self, variant: detail.VariantView) -> Mapping[str, Any] | None:
        return _delivery(self.context["answers"][variant.id])

    @extend_schema_field(ReductionFields(allow_null=True))
    def get_reduction(self, variant: detail.VariantView) -> Mapping[str, Any] | None:
        return ReductionFields(variant).data if variant.reduction else None

    @extend_schema_field(serializers.ListField(child=Pictures()))
    def get_pictures(self, variant: detail.VariantView) -> list[dict[str, str]]:
        return [picture_urls(picture.stem) for picture in variant.pictures]


class ProductSerializer(serializers.Serializer[Any]):
    country = serializers.SerializerMethodField(
        help_text="Country that available and delivery apply to."
    )
    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    family = serializers.CharField()
    category = serializers.SlugField(source="category.slug")
    summary = serializers.CharField(allow_blank=True)
    description_html = serializers.CharField(allow_blank=True, help_text="Sanitized.")
    option_names = serializers.ListField(child=serializers.CharField())
    spec = SpecSerializer(allow_null=True)
    modes = ModeSerializer(many=True)
    pictures = serializers.SerializerMethodField()
    variants = VariantSerializer(many=True)

    def get_country(self, _product: detail.ProductView) -> str:
        return str(self.context["country"])

    @extend_schema_field(serializers.ListField(child=Pictures()))
    def get_pictures(self, product: detail.ProductView) -> list[dict[str, str]]:
        return [picture_urls(picture.stem) for picture in product.pictures]


def _is_in_stock(answer: Availability | None) -> bool:
    return answer is not None and not answer.is_sold_out


def _most(answer: Availability | None) -> int:
    return answer.most if answer else 0


def _delivery(answer: Availability | None) -> Mapping[str, Any] | None:
    return DeliveryPromiseSerializer(answer.promise).data if answer and answer.promise else None
