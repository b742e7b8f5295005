"""Merchant API: request bodies that create and change products and variants."""

from typing import Any

from rest_framework import serializers

from catalog.models import Category, Product, Variant
from catalog.models.products import MAX_PACKED_WEIGHT_G
from storefront.api.core.fields import (
    COUNTRY,
    StrictCharField,
    StrictDecimalField,
    StrictIntegerField,
    StrictSerializer,
)
from storefront.api.merchant.catalog.filters import GtinField

MAX_CELLS, MAX_OPTIONS, MAX_DESCRIPTION = 100, 10, 20_000
LITHIUM_HELP = "How the battery is packed. With lithium, cell_wh and cell_count are required."


def _texts(**options: Any) -> Any:
    child = StrictCharField(max_length=60)
    return serializers.ListField(child=child, max_length=MAX_OPTIONS, **options)


class NewVariantSerializer(StrictSerializer):
    """A new variant. Its SKU is assigned."""

    options = _texts(required=False, help_text="One value for each of the product's option_names.")
    packed_weight_g = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_PACKED_WEIGHT_G, help_text="With packaging."
    )
    lithium = serializers.ChoiceField(choices=Variant.Lithium.choices, help_text=LITHIUM_HELP)
    cell_wh = StrictDecimalField(
        required=False, max_digits=7, decimal_places=2, min_value=0, help_text="Of one cell."
    )
    cell_count = StrictIntegerField(required=False, min_value=0, max_value=MAX_CELLS)


class VariantChangeSerializer(StrictSerializer):
    """The fields of a variant to change. Feeds do not overwrite them."""

    status = serializers.ChoiceField(choices=Variant.Status.choices, required=False)
    options = _texts(required=False)
    color = StrictCharField(required=False, allow_blank=True, max_length=40)
    weight_g = StrictIntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_PACKED_WEIGHT_G
    )
    packed_weight_g = StrictIntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_PACKED_WEIGHT_G
    )
    lithium = serializers.ChoiceField(
        choices=Variant.Lithium.choices, required=False, help_text=LITHIUM_HELP
    )
    cell_wh = StrictDecimalField(
        required=False, allow_null=True, max_digits=7, decimal_places=2, min_value=0
    )
    cell_count = StrictIntegerField(required=False, min_value=0, max_value=MAX_CELLS)
    hs_code = StrictCharField(
        required=False, allow_blank=True, max_length=20, help_text="6 to 10 digits, for customs."
    )
    origin_country = serializers.RegexField(COUNTRY, required=False, allow_blank=True)
    gtin = GtinField(required=False, help_text="Added to the variant.")
    mpn = StrictCharField(
        required=False, max_length=100, help_text="Part number of the brand. Added to the variant."
    )


class CategoryField(serializers.SlugRelatedField[Category]):
    """A category by its slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="slug", queryset=Category.objects.all(), **options)


class NewProductSerializer(StrictSerializer):
    """A new product. It is a draft until its status is changed."""

    title = StrictCharField(max_length=150)
    brand = StrictCharField(max_length=80, help_text="A new brand is created.")
    category = CategoryField(help_text="Slug of a category that shows the family.")
    family = StrictCharField(max_length=40, help_text="Code of a product family.")
    option_names = _texts(required=False, help_text="In what the variants differ, such as Color.")
    summary = StrictCharField(required=False, allow_blank=True, max_length=300)
    description_html = StrictCharField(
        required=False, allow_blank=True, max_length=MAX_DESCRIPTION, help_text="Without scripts."
    )
    variant = NewVariantSerializer(help_text="The first variant.")


class ProductChangeSerializer(StrictSerializer):
    """The fields of a product to change. Feeds do not overwrite them."""

    title = StrictCharField(required=False, max_length=150)
    brand = StrictCharField(required=False, max_length=80)
    category = CategoryField(required=False)
    family = StrictCharField(required=False, max_length=40)
    option_names = _texts(required=False)
    summary = StrictCharField(required=False, allow_blank=True, max_length=300)
    description_html = StrictCharField(required=False, allow_blank=True, max_length=MAX_DESCRIPTION)
    restricted_countries = serializers.ListField(
        child=serializers.RegexField(COUNTRY), required=False, max_length=250
    )
    status = serializers.ChoiceField(
        choices=Product.Status.choices,
        required=False,
        help_text="ready and live require what the sale of the product needs.",
    )
