"""Merchant API: filters that several lists share."""

from typing import Any

from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from catalog.attributes.identifiers import InvalidGtinError, gtin14
from catalog.models import Identifier, Variant

SKU = OpenApiParameter("sku", str, description="Our SKU.")
GTIN = OpenApiParameter("gtin", str, description="GTIN, EAN or UPC, with its check digit.")
CHANNEL = OpenApiParameter("channel", str, description="Code of a channel.")
UPDATED_SINCE = OpenApiParameter(
    "updated_since",
    OpenApiTypes.DATETIME,
    description="Only what changed at or after this time, with time zone; sorted by change.",
)


class GtinField(serializers.CharField):
    """A GTIN in any of its lengths, as 14 digits."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return gtin14(super().to_internal_value(data))
        except InvalidGtinError as error:
            with override("en"):
                raise serializers.ValidationError(str(error)) from error


def variants_of_gtin(gtin: str) -> Any:
    """Return the ids of the variants that have a GTIN."""
    found = Identifier.objects.filter(scheme=Identifier.Scheme.GTIN, value=gtin)
    return Variant.objects.filter(identifiers__in=found).values("pk")
