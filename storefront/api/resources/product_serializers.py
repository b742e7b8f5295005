"""Product serializers: render a product for a list, or in detail with all its variants.

Both serializers need two context values: ``country``, and ``answers``, which maps the id of each
variant to its availability in that country.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.custom_attributes import registry
from catalog.custom_attributes.values import stored_problem
from catalog.models import Spec
from catalog.models.families import cached_families, family_name
from catalog.models.guarantees import GuaranteeKind, GuaranteeTerms
from catalog.products import detail
from catalog.safety.warnings import safety_warnings
from shipping.availability.reach import Availability
from storefront.api.core.fields import (
    CurrencyAmountField,
    DeliveryPromiseSerializer,
    MoneyFields,
    PictureField,
    ReductionFields,
)

MOST_HELP = (
    "Maximum quantity that can be delivered to the country in one order, as in `max_quantity` of"
    " the availability resource."
)
DELIVERY_HELP = "Delivery dates of one unit; null if it is not available."
IN_STOCK_HELP = (
    "Whether the variant is in stock. If this is true and `available` is 0, the variant cannot be"
    " delivered to the country."
)


class PicturesField(serializers.ListField):
    child = PictureField()

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation([picture.stem for picture in data])


class WithAvailability(serializers.Serializer[Any]):
    """Availability of a variant, from ``answers`` of the context."""

    is_available = serializers.SerializerMethodField(help_text=IN_STOCK_HELP)
    available = serializers.SerializerMethodField(help_text=MOST_HELP)
    delivery = serializers.SerializerMethodField(help_text=DELIVERY_HELP)

    def get_is_available(self, shown: Any) -> bool:
        answer = self._answer(shown)
        return answer is not None and not answer.is_sold_out

    def get_available(self, shown: Any) -> int:
        answer = self._answer(shown)
        return answer.most if answer else 0

    @extend_schema_field(DeliveryPromiseSerializer(allow_null=True))
    def get_delivery(self, shown: Any) -> Mapping[str, Any] | None:
        answer = self._answer(shown)
        return DeliveryPromiseSerializer(answer.promise).data if answer and answer.promise else None

    def _answer(self, shown: Any) -> Availability | None:
        variant_id = shown.id if isinstance(shown, detail.VariantView) else shown.variant_id
        answer: Availability | None = self.context["answers"].get(variant_id)
        return answer


@extend_schema_field(str)
class FamilyNameField(serializers.Field[Any, Any, Any, Any]):
    """The name of a product's family in the language of the request."""

    def __init__(self) -> None:
        super().__init__(source="family", read_only=True)

    def to_representation(self, code: str) -> str:
        return family_name(code)


class ProductCardSerializer(WithAvailability):
    """A product in a list. Numbers that the supplier does not state are null.

    Availability is that of the variant with the shown price.
    """

    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    family = serializers.CharField()
    family_name = FamilyNameField()
    picture = PictureField()
    price = CurrencyAmountField(
        source="price_amount", help_text="Lowest price of the variants, tax included."
    )
    has_more_prices = serializers.BooleanField()
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


class ModeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    output_lm = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    runtime_min = serializers.IntegerField(allow_null=True)
    intensity_cd = serializers.IntegerField(allow_null=True)


class SpecSerializer(serializers.Serializer[Any]):
    """Specification. A runtime lasts until the output has fallen to a tenth of the initial one."""

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
    basis = serializers.CharField(help_text="The weakest of the bases.")
    bases = serializers.DictField(
        child=serializers.CharField(),
        help_text=(
            "What each figure rests on: none, supplier_claim, fl1_claim, test_report or"
            " own_measurement."
        ),
    )
    custom_attributes = serializers.SerializerMethodField(
        help_text=(
            "Values of the attributes that the shop defined, by code: a text, texts by language, a"
            " decimal as text, a boolean, the code of a choice, or a list of such codes."
        ),
    )

    @extend_schema_field(serializers.DictField())
    def get_custom_attributes(self, spec: Spec) -> dict[str, Any]:
        """Return the stored values, those of a localized text together: ``{"en": …, "az": …}``."""
        values = dict(spec.custom_values)
        for definition in registry.cached():
            if stored_problem(values.get(definition.code), definition):
                del values[definition.code]
            code, _colon, language = definition.code.partition(":")
            if (definition.is_localized or language) and definition.code in values:
                text = values.pop(definition.code)
                values.setdefault(code, {})[language or settings.LANGUAGE_CODE] = text
        return values


class VariantSerializer(WithAvailability):
    """A variant. Use ``listing_id`` to add it to a cart."""

    listing_id = serializers.IntegerField()
    sku = serializers.CharField()
    gtin = serializers.CharField(allow_blank=True)
    mpn = serializers.CharField(allow_blank=True)
    options = serializers.ListField(child=serializers.CharField())
    color = serializers.CharField(allow_blank=True)
    weight_g = serializers.IntegerField(allow_null=True)
    lithium = serializers.CharField(
        help_text="Lithium battery: `none`, `inside` the light, packed `with` it, or sold `alone`."
    )
    un_number = serializers.CharField(
        allow_blank=True, help_text="UN number of the battery as it ships; empty without lithium."
    )
    hs_code = serializers.CharField(allow_blank=True)
    origin_country = serializers.CharField(allow_blank=True, help_text="ISO 3166-1 alpha-2.")
    price = MoneyFields()
    reduction = serializers.SerializerMethodField()
    as_of = serializers.DateTimeField(allow_null=True)
    ships_from = serializers.DictField(
        child=serializers.IntegerField(), help_text="Stock in each country."
    )
    pictures = PicturesField()

    @extend_schema_field(ReductionFields(allow_null=True))
    def get_reduction(self, variant: detail.VariantView) -> Mapping[str, Any] | None:
        return ReductionFields(variant).data if variant.reduction else None


class ContactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)


class DocumentSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    language = serializers.CharField(allow_blank=True, help_text="Empty: several languages.")
    url = serializers.SerializerMethodField(help_text="Path of the download.")

    def get_url(self, document: detail.DocumentView) -> str:
        slug = self.context["slug"]
        return reverse("product_document", args=[slug, document.id])


class GuaranteeSerializer(serializers.Serializer[Any]):
    """A guarantee beyond the legal one, as the product page shows it."""

    kind = serializers.ChoiceField(
        choices=GuaranteeKind.values,
        help_text="Only a guarantee of the `producer` is a guarantee of durability with the EU label.",
    )
    months = serializers.IntegerField()
    brand = serializers.CharField()
    model = serializers.CharField(help_text="Model identifier of the producer.")
    guarantor = serializers.CharField()
    address = serializers.CharField(help_text="Postal address of the guarantor.")
    territory = serializers.SerializerMethodField(
        help_text="Where it is valid, in the language of the request."
    )
    claim = serializers.SerializerMethodField(
        help_text="How to claim it, in the language of the request."
    )
    terms_url = serializers.SerializerMethodField(help_text="Path of the download of the terms.")

    def get_territory(self, terms: GuaranteeTerms) -> str:
        return terms.territory_in(_language())

    def get_claim(self, terms: GuaranteeTerms) -> str:
        return terms.claim_in(_language())

    def get_terms_url(self, _terms: GuaranteeTerms) -> str:
        return reverse("product_guarantee", args=[self.context["slug"]])


def _language() -> str:
    return (get_language() or "en")[:2]


class ProductSerializer(serializers.Serializer[Any]):
    country = serializers.SerializerMethodField(
        help_text="Country to which `available` and `delivery` apply."
    )
    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    family = serializers.CharField()
    family_name = FamilyNameField()
    category = serializers.SlugField(source="category.slug")
    summary = serializers.CharField(allow_blank=True)
    description_html = serializers.CharField(allow_blank=True, help_text="Sanitized.")
    option_names = serializers.ListField(child=serializers.CharField())
    manufacturer = ContactSerializer()
    responsible_person = ContactSerializer(help_text="The responsible person in the EU.")
    safety_warnings = serializers.SerializerMethodField(
        help_text="Warnings in the language of the request."
    )
    documents = serializers.SerializerMethodField(help_text="Valid documents to download.")
    guarantee = serializers.SerializerMethodField(
        help_text="A guarantee beyond the legal one; null if there is none."
    )
    spec = SpecSerializer(allow_null=True)
    modes = ModeSerializer(many=True)
    pictures = PicturesField()
    variants = VariantSerializer(many=True)

    def get_safety_warnings(self, product: detail.ProductView) -> list[str]:
        variant = product.variants[0]
        warnings = safety_warnings(
            product.safety_warnings,
            language=_language(),
            family_kind=cached_families().kind_of(product.family),
            lithium=variant.lithium,
            chemistry=product.spec.battery_chemistry if product.spec else "",
        )
        return list(warnings.lines)

    @extend_schema_field(DocumentSerializer(many=True))
    def get_documents(self, product: detail.ProductView) -> Any:
        return DocumentSerializer(product.documents, many=True, context={"slug": product.slug}).data

    @extend_schema_field(GuaranteeSerializer(allow_null=True))
    def get_guarantee(self, product: detail.ProductView) -> Mapping[str, Any] | None:
        found = detail.load_guarantees([product.id] if product.guarantee_months else [])
        context = {"slug": product.slug}
        return GuaranteeSerializer(found[0].terms, context=context).data if found else None

    def get_country(self, _product: detail.ProductView) -> str:
        return str(self.context["country"])
