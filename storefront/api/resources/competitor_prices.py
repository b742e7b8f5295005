"""Competitor price resource: accept a batch of prices, validate and report each row separately."""

import json
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.competitors import labels, price_import
from catalog.competitors.json_format import LIST_KEY
from catalog.competitors.matching import ImplausibleListError
from catalog.competitors.price_import import ImportResult
from catalog.enums import ListFormat
from catalog.models.competitors import ImportOutcome, MatchMethod, SourceType
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    AmountField,
    RowsField,
    StrictBooleanField,
    StrictCharField,
    StrictDecimalField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.schema import openapi
from storefront.api.core.throttles import BatchThrottle, ClientThrottle
from storefront.api.core.views import StrictJSON
from storefront.api.models import Scope

MAX_ROWS = 2000
MAX_BYTES = 1_000_000
REFUSED = "refused"


class BatchParser(StrictJSON):
    """Strict JSON with a larger limit; a text that cannot be stored refuses only its row."""

    max_bytes = MAX_BYTES
    refuses_unstorable = False


class CompetitorPriceSerializer(StrictSerializer):
    """The price of one product in one shop. Identified by sku, gtin, or brand with mpn."""

    competitor = StrictCharField(
        max_length=80, help_text="Name of the competitor. Use the same name each time."
    )
    sku = StrictCharField(required=False, help_text="Our SKU.")
    gtin = StrictCharField(required=False, help_text="GTIN, EAN or UPC, with its check digit.")
    brand = StrictCharField(required=False)
    mpn = StrictCharField(required=False, help_text="Manufacturer part number. Requires brand.")
    price = AmountField(help_text="Unit price, more than 0.")
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217.")
    has_tax = StrictBooleanField(default=True)
    url = serializers.URLField(required=False, help_text="URL of the offer.")
    seen_at = serializers.DateTimeField(
        help_text="With time zone. Prices older than 7 days are ignored."
    )
    confidence = StrictDecimalField(
        required=False,
        max_digits=3,
        decimal_places=2,
        min_value=0,
        max_value=1,
        help_text="Confidence that the products are the same. Prices below 0.80 are"
        " not used for repricing.",
    )


class CompetitorPricesSerializer(StrictSerializer):
    """A batch of prices."""

    prices = RowsField(CompetitorPriceSerializer, max_length=MAX_ROWS)


class RowSerializer(serializers.Serializer[Any]):
    """Result of one row. ``sku`` is ours, and empty if the row is refused."""

    pointer = serializers.CharField(help_text="JSON pointer to the row.")
    result = serializers.ChoiceField(
        choices=[*ImportOutcome.values, REFUSED],
        help_text="changed: the price is used. confirmed: the price is unchanged."
        " older: a newer price is known.",
    )
    sku = serializers.CharField(allow_blank=True)
    matched_by = serializers.ChoiceField(choices=MatchMethod.values, allow_blank=True)
    confidence = StrictDecimalField(max_digits=3, decimal_places=2, allow_null=True)
    detail = serializers.CharField(allow_blank=True, help_text="Reason of the rejection.")


class CountsSerializer(serializers.Serializer[Any]):
    changed = serializers.IntegerField()
    confirmed = serializers.IntegerField()
    older = serializers.IntegerField()
    refused = serializers.IntegerField()


class BatchSerializer(serializers.Serializer[Any]):
    """Result of a batch, with its rows in the order of the request."""

    received_at = serializers.DateTimeField()
    counts = CountsSerializer()
    rows = RowSerializer(many=True)


def _pointer(number: int) -> str:
    return f"#/{LIST_KEY}/{number - 1}"


def _shown(result: ImportResult) -> Response:
    rows = {
        row.line.number: {
            "pointer": _pointer(row.line.number),
            "result": became.value,
            "sku": row.sku,
            "matched_by": row.by.value,
            "confidence": row.confidence,
            "detail": "",
        }
        for row, became in result.outcomes
    }
    for refusal in result.rejected:
        rows[refusal.number] = {
            "pointer": _pointer(refusal.number),
            "result": REFUSED,
            "sku": "",
            "matched_by": "",
            "confidence": None,
            "detail": labels.message(refusal.code, refusal.values),
        }
    counts = {name: result.counts[name] for name in (*ImportOutcome.values, REFUSED)}
    shown = {
        "received_at": result.file.received_at,
        "counts": counts,
        "rows": [rows[number] for number in sorted(rows)],
    }
    return Response(BatchSerializer(shown).data)


class CompetitorPriceList(MerchantEndpoint):
    parser_classes = [BatchParser]
    throttle_classes = [ClientThrottle, BatchThrottle]

    @openapi(
        name="create_competitor_prices",
        tag="prices",
        summary="Send competitor prices",
        description=f"For price monitoring programs; staff create the key. Up to {MAX_ROWS} rows"
        f" and {MAX_BYTES} bytes, 20 batches a minute. Each row is processed on its own, and"
        " the response has the result of each. The newest price of a competitor is used; our"
        " prices follow it within the limits of the price book.",
        body=CompetitorPricesSerializer,
        answers={200: BatchSerializer},
        problems=(
            problem_types.NO_VALID_ROW,
            problem_types.BATCH_QUARANTINED,
        ),
        requires_idempotency_key=True,
        scope=Scope.COMPETITOR_PRICES_WRITE,
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            batch = validated(CompetitorPricesSerializer, request)
            actor = self.client.actor
            file = price_import.store_list(
                name=self.client.key.name,
                content=json.dumps(batch).encode(),
                list_format=ListFormat.OURS,
                source_type=SourceType.API,
                actor=actor,
                now=self.now,
            )
            try:
                result = price_import.import_list(
                    file=file, actor=actor, now=self.now, is_previewed=False
                )
            except ImplausibleListError as error:
                errors = [{"pointer": f"#/{LIST_KEY}", "detail": str(error)}]
                raise ProblemError(problem_types.BATCH_QUARANTINED, errors=errors) from None
            if not result.outcomes:
                errors = [
                    {
                        "pointer": _pointer(row.number),
                        "detail": labels.message(row.code, row.values),
                    }
                    for row in result.rejected
                ]
                raise ProblemError(problem_types.NO_VALID_ROW, errors=errors)
            return _shown(result)

        return self.run_once(request, work)
