"""Merchant API: fields of products, variants, identifiers and images."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Identifier, Image, Product, Variant
from storefront.api.core.fields import PictureField
from storefront.api.core.selection import ResourceSerializer

# The key of a brand precedes these numbers; a supplier's own SKUs are its offers.
SHOWN_SCHEMES = (Identifier.Scheme.GTIN, Identifier.Scheme.MPN, Identifier.Scheme.MODEL)


class IdentifierSerializer(serializers.Serializer[Any]):
    """A GTIN as 14 digits, a part number or a model number of the brand."""

    type = serializers.ChoiceField(choices=[*SHOWN_SCHEMES], source="scheme")
    number = serializers.SerializerMethodField()
    status = serializers.ChoiceField(choices=Identifier.State.choices, source="state")

    def get_number(self, row: Identifier) -> str:
        return row.value if row.scheme == Identifier.Scheme.GTIN else row.value.partition(":")[2]


class ImageSerializer(serializers.Serializer[Any]):
    """An image that is shown in the shop."""

    id = serializers.IntegerField()
    variant_id = serializers.IntegerField(allow_null=True, help_text="Null: of all variants.")
    role = serializers.ChoiceField(choices=Image.Role.choices)
    position = serializers.IntegerField()
    urls = PictureField(source="stem")
    alt_texts = serializers.DictField(child=serializers.CharField(), help_text="By language.")


class ProductImageSerializer(ResourceSerializer):
    """An image of a product, also one that is not fetched yet."""

    id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    variant_id = serializers.IntegerField(allow_null=True, help_text="Null: of all variants.")
    status = serializers.SerializerMethodField(help_text="Only stored images are shown.")
    problem = serializers.CharField(allow_blank=True, help_text="Why it could not be fetched.")
    role = serializers.ChoiceField(choices=Image.Role.choices)
    position = serializers.IntegerField()
    source_url = serializers.CharField()
    urls = PictureField(source="stem")
    alt_texts = serializers.DictField(child=serializers.CharField(), help_text="By language.")

    @extend_schema_field(serializers.ChoiceField(choices=["stored", "pending", "failed"]))
    def get_status(self, row: Image) -> str:
        if row.stem:
            return "stored"
        return "failed" if row.tries and row.retry_at is None else "pending"


class VariantSerializer(ResourceSerializer):
    """An item for sale. Its SKU never changes."""

    id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    sku = serializers.CharField()
    status = serializers.ChoiceField(choices=Variant.Status.choices)
    options = serializers.ListField(
        child=serializers.CharField(),
        source="option_values",
        help_text="In the order of the product's option_names.",
    )
    color = serializers.CharField(allow_blank=True)
    weight_g = serializers.IntegerField(allow_null=True)
    packed_weight_g = serializers.IntegerField(allow_null=True)
    lithium = serializers.ChoiceField(choices=Variant.Lithium.choices)
    cell_wh = serializers.DecimalField(max_digits=7, decimal_places=2, allow_null=True)
    cell_count = serializers.IntegerField()
    hs_code = serializers.CharField(allow_blank=True)
    origin_country = serializers.CharField(allow_blank=True, help_text="ISO 3166-1 alpha-2.")
    replaced_by_id = serializers.IntegerField(allow_null=True)
    identifiers = serializers.SerializerMethodField()

    @extend_schema_field(IdentifierSerializer(many=True))
    def get_identifiers(self, row: Variant) -> Any:
        shown = [each for each in row.identifiers.all() if each.scheme in SHOWN_SCHEMES]
        shown.sort(key=lambda each: each.pk)
        return IdentifierSerializer(shown, many=True).data


class ProductSerializer(ResourceSerializer):
    """A product: one page of the shop, with one or more variants."""

    expandable: ClassVar = ("variants", "images")

    id = serializers.IntegerField()
    slug = serializers.CharField()
    status = serializers.ChoiceField(choices=Product.Status.choices)
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    description_html = serializers.CharField(allow_blank=True)
    brand = serializers.CharField(source="brand.name")
    category = serializers.CharField(source="category.slug")
    family = serializers.CharField()
    option_names = serializers.ListField(child=serializers.CharField())
    restricted_countries = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    variants = VariantSerializer(many=True)
    images = serializers.SerializerMethodField()

    @extend_schema_field(ImageSerializer(many=True))
    def get_images(self, row: Product) -> Any:
        shown = [image for image in row.images.all() if image.stem]
        shown.sort(key=lambda image: (image.position, image.pk))
        return ImageSerializer(shown, many=True).data
