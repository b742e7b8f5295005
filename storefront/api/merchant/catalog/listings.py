"""Merchant API: list and read listings, explain their prices, fix and release them."""

from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import override
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.listings import fixed_prices, price_explanation
from catalog.models import Listing, PriceRule
from catalog.pricing import labels
from catalog.pricing.breakdown import Step
from catalog.pricing.price_calculation import Calculation
from storefront.api.core.fields import (
    AmountField,
    RowMoneyField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation, write_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.catalog.filters import CHANNEL, SKU
from storefront.api.models import Scope

TAG = "prices"
LISTINGS = Listing.objects.select_related("channel", "variant")


_amount = partial(RowMoneyField, currency="channel.currency", allow_null=True)


class ListingSerializer(ResourceSerializer):
    """A variant on a channel: its price and what can be sold of it there."""

    restricted: ClassVar = dict.fromkeys(
        ("cost", "landed_cost", "break_even_price", "floor_price", "supplier"), Scope.COSTS_READ
    )

    id = serializers.IntegerField()
    channel = serializers.CharField(source="channel.code")
    variant_id = serializers.IntegerField()
    sku = serializers.CharField(source="variant.sku")
    price = _amount("price_amount", help_text="Null: it has no price.")
    fixed_price = _amount(
        "fixed_price_amount", help_text="Set instead of the rules; null: the rules apply."
    )
    available = serializers.IntegerField(help_text="Largest quantity of one order.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When available was computed.")
    restock_on = serializers.DateField(allow_null=True)
    is_published = serializers.BooleanField()
    is_delisted = serializers.BooleanField(help_text="Unpublished by staff.")
    cost = _amount("cost_amount")
    landed_cost = _amount("landed_amount")
    break_even_price = _amount("break_even_amount")
    floor_price = _amount("floor_amount", help_text="At the minimum margin.")
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


class MatchingRuleSerializer(ResourceSerializer):
    """A price rule that matches. The first one sets the price."""

    key: ClassVar = "number"
    restricted: ClassVar = {"scope": Scope.COSTS_READ, "method": Scope.COSTS_READ}

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
    restricted: ClassVar = dict.fromkeys(("held_because", "steps"), Scope.COSTS_READ)

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


class PriceResult(StrEnum):
    APPLIED = "applied"
    ADJUSTED = "adjusted"
    HELD = "held"


class SetPriceSerializer(StrictSerializer):
    """The price of a listing in the currency of its channel."""

    amount = AmountField(min_value=Decimal("0.01"), help_text="As shown to customers.")
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="That of the channel.")


class PriceChangeSerializer(serializers.Serializer[Any]):
    """What became of a price. The guards of the price book apply to it as to any other."""

    result = serializers.ChoiceField(
        choices=[*PriceResult],
        help_text="adjusted: to the minimum margin, MAP or MSRP. held: the old price stays until"
        " staff decide, or for good if the costs do not allow the new one.",
    )
    reason = serializers.CharField(allow_blank=True, help_text="Why it was adjusted or held.")
    listing = ListingSerializer()


class ListingFilter(serializers.Serializer[Any]):
    channel = serializers.SlugField(max_length=30, required=False, source="channel__code")
    sku = serializers.CharField(max_length=40, required=False, source="variant__sku")


class ListingList(MerchantEndpoint):
    @list_operation(
        name="list_listings",
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
        name="get_listing",
        tag=TAG,
        summary="Retrieve a listing",
        serializer=ListingSerializer,
        scope=Scope.PRICES_READ,
    )
    def get(self, request: Request, listing_id: int) -> Response:
        return self.show(request, find_listing(listing_id), ListingSerializer)


class ListingPrice(MerchantEndpoint):
    @write_operation(
        name="update_fixed_price",
        tag=TAG,
        summary="Set a price",
        description="Fixes the price of a listing instead of the price rules, until it is"
        " released. It is published at once, within the minimum margin, MAP, MSRP and the largest"
        " change of the price book",
        body=SetPriceSerializer,
        answers={200: PriceChangeSerializer},
        scope=Scope.PRICES_WRITE,
    )
    def put(self, request: Request, listing_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            values = validated(SetPriceSerializer, request)
            listing = find_listing(listing_id)
            require_currency(listing, values["currency"])
            return self._fix(request, listing, values["amount"])

        return self.run_once(request, work, is_required=False)

    @write_operation(
        name="delete_fixed_price",
        tag=TAG,
        summary="Release a fixed price",
        description="The price rules set the price again, at once",
        body=None,
        answers={200: PriceChangeSerializer},
        scope=Scope.PRICES_WRITE,
    )
    def delete(self, request: Request, listing_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            return self._fix(request, find_listing(listing_id), None)

        return self.run_once(request, work, is_required=False)

    def _fix(self, request: Request, listing: Listing, amount: Decimal | None) -> Response:
        with transaction.atomic():
            done = fixed_prices.fix_price(
                listing=listing,
                amount=amount,
                actor=self.client.actor,
                now=self.now,
                check=lambda: self.require_match(
                    request, find_listing(listing.pk), ListingSerializer
                ),
            )
        complete = {"selection": self.complete_selection()}
        row = find_listing(listing.pk)
        return Response(
            {**describe_price(done), "listing": ListingSerializer(row, context=complete).data}
        )


def require_currency(listing: Listing, currency: str) -> None:
    """Raise ValidationError if a currency is not that of the listing's channel."""
    if currency != listing.channel.currency:
        raise serializers.ValidationError({"currency": ["Use the currency of the channel."]})


def describe_price(done: Calculation) -> dict[str, str]:
    """Return the result of a set price, and why it differs."""
    verdict = done.verdict
    if verdict is None or verdict.stop is not None:
        code = f"missing_{done.missing}" if verdict is None else f"blocked_{verdict.stop}"
        result, codes = PriceResult.HELD, code
    else:
        result = PriceResult.ADJUSTED if verdict.clamps else PriceResult.APPLIED
        codes = "+".join(f"clamped_{clamp}" for clamp in verdict.clamps)
    with override("en"):
        return {"result": result.value, "reason": labels.step_label(codes)}


class PriceExplanation(MerchantEndpoint):
    @read_operation(
        name="get_price_explanation",
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
    return find_row(LISTINGS, pk=pk)
