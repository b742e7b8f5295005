"""Merchant API: list and read listings, explain their prices."""

from typing import Any, ClassVar

from django.utils.translation import override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.listings import price_explanation
from catalog.models import Listing, PriceRule
from catalog.pricing import labels
from catalog.pricing.breakdown import Step
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import MoneyFields, validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.merchant.catalog.filters import CHANNEL, SKU
from storefront.api.models import Scope
from storefront.lib.money import Money

TAG = "prices"
LISTINGS = Listing.objects.select_related("channel", "variant")


@extend_schema_field(MoneyFields(allow_null=True))
class ListingAmountField(serializers.Field[Any, Any, Any, Any]):
    """An amount of a listing in the currency of its channel; null if unknown."""

    def get_attribute(self, instance: Listing) -> Any:
        amount = getattr(instance, str(self.source))
        return None if amount is None else Money(amount, instance.channel.currency)

    def to_representation(self, value: Money) -> Any:
        return MoneyFields(value).data


class ListingSerializer(ResourceSerializer):
    """A variant on a channel: its price and what can be sold of it there."""

    restricted: ClassVar = dict.fromkeys(
        ("cost", "landed_cost", "break_even_price", "floor_price", "supplier"), Scope.COSTS_READ
    )

    id = serializers.IntegerField()
    channel = serializers.CharField(source="channel.code")
    variant_id = serializers.IntegerField()
    sku = serializers.CharField(source="variant.sku")
    price = ListingAmountField(source="price_amount", help_text="Null: it has no price.")
    available = serializers.IntegerField(help_text="Largest quantity of one order.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When available was computed.")
    restock_on = serializers.DateField(allow_null=True)
    is_published = serializers.BooleanField()
    is_delisted = serializers.BooleanField(help_text="Unpublished by staff.")
    cost = ListingAmountField(source="cost_amount")
    landed_cost = ListingAmountField(source="landed_amount")
    break_even_price = ListingAmountField(source="break_even_amount")
    floor_price = ListingAmountField(source="floor_amount", help_text="At the minimum margin.")
    supplier = serializers.CharField(source="supplier_code", help_text="Whose cost counts.")
    updated_at = serializers.DateTimeField()


class StepSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.SerializerMethodField()
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    note = serializers.SerializerMethodField()

    def get_text(self, step: Step) -> str:
        return labels.step_label(step.code)

    def get_note(self, step: Step) -> str:
        return labels.step_note(step)


class MatchingRuleSerializer(serializers.Serializer[Any]):
    """A price rule that matches. The first one sets the price."""

    book_version = serializers.IntegerField(source="book.version")
    number = serializers.IntegerField()
    scope = serializers.SerializerMethodField()
    method = serializers.SerializerMethodField()

    def get_scope(self, rule: PriceRule) -> str:
        return str(labels.rule_scope(rule))

    def get_method(self, rule: PriceRule) -> str:
        return str(labels.rule_method(rule))


class ExplanationSerializer(ResourceSerializer):
    """How the price of a listing is calculated now. Costs and margins need their scope."""

    key: ClassVar = "listing_id"
    restricted: ClassVar = {"steps": Scope.COSTS_READ}

    listing_id = serializers.IntegerField()
    currency = serializers.CharField()
    price = serializers.DecimalField(
        max_digits=12, decimal_places=2, allow_null=True, help_text="The published price."
    )
    rules = MatchingRuleSerializer(many=True)
    held_because = serializers.CharField(
        allow_blank=True, help_text="Why a new price waits for staff; empty: none does."
    )
    steps = StepSerializer(many=True)


class ListingFilter(serializers.Serializer[Any]):
    channel = serializers.SlugField(max_length=30, required=False, source="channel__code")
    sku = serializers.CharField(max_length=40, required=False, source="variant__sku")


class ListingList(MerchantEndpoint):
    @list_operation(
        name="list_all_listings",
        tag=TAG,
        summary="List listings of all channels",
        serializer=ListingSerializer,
        scope=Scope.PRICES_READ,
        filters=(CHANNEL, SKU),
    )
    def get(self, request: Request) -> Response:
        wanted = validated_query(ListingFilter, request.query_params)
        return self.show_page(request, LISTINGS.filter(**wanted), ListingSerializer)


class ListingDetail(MerchantEndpoint):
    @read_operation(
        name="get_listing_of_channel",
        tag=TAG,
        summary="Read a listing",
        serializer=ListingSerializer,
        scope=Scope.PRICES_READ,
    )
    def get(self, request: Request, listing_id: int) -> Response:
        return self.show(request, find_listing(listing_id), ListingSerializer)


class PriceExplanation(MerchantEndpoint):
    @read_operation(
        name="explain_price",
        tag=TAG,
        summary="Explain a price",
        serializer=ExplanationSerializer,
        scope=Scope.PRICES_READ,
    )
    def get(self, request: Request, listing_id: int) -> Response:
        listing = find_listing(listing_id)
        found = price_explanation.explain(listing=listing, now=self.now)
        with override("en"):
            explained = {
                "listing_id": listing.pk,
                "currency": listing.channel.currency,
                "price": listing.price_amount,
                "rules": found.rules,
                "held_because": labels.hold_message(found.hold) if found.hold else "",
                "steps": found.steps,
            }
            return self.show(request, explained, ExplanationSerializer)


def find_listing(pk: int) -> Listing:
    """Return a listing with its channel and variant. Raises ProblemError."""
    listing = LISTINGS.filter(pk=pk).first()
    if listing is None:
        raise ProblemError(problem_types.NOT_FOUND)
    return listing
