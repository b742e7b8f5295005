"""API fields: accept exactly the types that the schema states, reject look-alikes."""

import re
from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from orders.addresses.validation import LIMITS
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.lib.money import Money

COUNTRY = r"^[A-Z]{2}$"
AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
CENT = Decimal("0.01")
PICTURE_WIDTHS_PX = (240, 480, 900)
UNKNOWN_FIELD = _("This field does not exist.")


class StrictSerializer(serializers.Serializer[Any]):
    """Request body that refuses unknown fields."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({name: [UNKNOWN_FIELD] for name in sorted(unknown)})
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """Integer field that refuses ``"3"``, ``3.0`` and ``true``."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictCharField(serializers.CharField):
    """Text field that refuses numbers."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RowsField(serializers.ListField):
    """Rows of a batch, described as ``row``. Each is validated later, so that it refuses no other."""

    def __init__(self, row: type[StrictSerializer], **options: Any) -> None:
        super().__init__(min_length=1, **options)
        set_override(self, "field", row(many=True))


class StrictBooleanField(serializers.BooleanField):
    """Boolean field that refuses ``0``, ``"true"`` and ``"yes"``."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictDecimalField(serializers.DecimalField):
    """Decimal number as text, so that no program rounds it."""

    default_error_messages = {"not_text": _('Send the amount as a string, such as "39.99".')}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("not_text")
        if not AMOUNT.fullmatch(data):  # Python also reads "1e5" and digits of other scripts
            self.fail("invalid")
        return super().to_internal_value(data)


class AmountField(StrictDecimalField):
    """Amount of money."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, **kwargs)


class MoneyFields(StrictSerializer):
    """An amount in one currency."""

    amount = AmountField(min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text=_("ISO 4217."))


@extend_schema_field(MoneyFields)
class RowMoneyField(serializers.Field[Any, Any, Any, Any]):
    """An amount of a row in its own currency; null if the amount is unknown."""

    def __init__(self, amount: str, *, currency: str = "currency", **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)
        self._amount, self._currency = attrgetter(amount), attrgetter(currency)

    def to_representation(self, value: Any) -> Mapping[str, str] | None:
        amount: Decimal | None = self._amount(value)
        if amount is None:
            return None
        # ``MoneyFields`` would copy its fields for each of the thousands of amounts of a page.
        return {"amount": str(amount.quantize(CENT)), "currency": self._currency(value)}


@extend_schema_field(MoneyFields)
class CurrencyAmountField(serializers.Field[Any, Any, Any, Any]):
    """An amount of a model field, in the currency of the context."""

    def to_representation(self, value: Decimal) -> Mapping[str, Any]:
        return MoneyFields(Money(value, self.context["currency"])).data


class PictureField(serializers.DictField):
    """URLs of one picture by width in pixels; empty without a picture."""

    child = serializers.URLField()

    def to_representation(self, value: str) -> dict[str, str]:  # type: ignore[override]  # a stem
        base = f"{settings.PUBLIC_URL}{settings.MEDIA_URL}pictures/{value}"
        return {str(width): f"{base}-{width}.webp" for width in PICTURE_WIDTHS_PX if value}


class ReductionFields(serializers.Serializer[Any]):
    """An announced reduction, relative to the lowest price of the 30 days before it."""

    percent = serializers.IntegerField(source="reduction.percent")
    lowest_price_30_days = MoneyFields(source="lowest_before")
    until = serializers.DateTimeField(source="reduction.until")


class DeliveryPromiseSerializer(serializers.Serializer[Any]):
    """The cheapest delivery: its days, its price, and the country it comes from."""

    arrives_from = serializers.DateField()
    arrives_to = serializers.DateField()
    price = MoneyFields()
    country_from = serializers.CharField()


class AddressFields(StrictSerializer):
    """A delivery address. Which fields are required depends on the country."""

    name = StrictCharField(max_length=LIMITS["name"])
    line1 = StrictCharField(max_length=LIMITS["line1"])
    line2 = StrictCharField(max_length=LIMITS["line2"], allow_blank=True, default="")
    postcode = StrictCharField(max_length=LIMITS["postcode"], allow_blank=True, default="")
    city = StrictCharField(max_length=LIMITS["city"])
    region = StrictCharField(max_length=LIMITS["region"], allow_blank=True, default="")
    country = serializers.RegexField(COUNTRY, help_text="ISO 3166-1 alpha-2.")
    phone = StrictCharField(max_length=LIMITS["phone"], allow_blank=True, default="")


class LineUnitsSerializer(StrictSerializer):
    """Units of an order line."""

    line_id = StrictIntegerField(min_value=1)
    quantity = StrictIntegerField(min_value=1)


def validated(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the valid body of a request. Raises ValidationError."""
    return valid_values(serializer, request.data)


def valid_values(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return the valid values of a JSON object. Raises ValidationError."""
    body = serializer(data=data)
    body.is_valid(raise_exception=True)
    return body.validated_data  # type: ignore[no-any-return]  # DRF says dict of Any


def validated_query(
    serializer: type[serializers.Serializer[Any]], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return valid query parameters. Raises ProblemError: some are malformed or empty."""
    # From a QueryDict, as from a form, empty values would count as missing.
    query = serializer(data=dict(params.items()))
    if not query.is_valid():
        errors = [
            {"parameter": name, "detail": str(message)}
            for name, messages in query.errors.items()
            for message in messages
        ]
        raise ProblemError(problem_types.INVALID_PARAMETERS, errors=errors)
    return query.validated_data  # type: ignore[no-any-return]  # DRF says dict of Any
