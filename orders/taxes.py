"""How much of a price is value added tax. Pure: no database, no clock, no network."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from storefront.lib.money import Money

# Standard rates of the countries the shop sells to, as in force on 2026-11-01.
STANDARD_RATES: Mapping[str, Decimal] = MappingProxyType(
    {
        country: Decimal(percent) / 100
        for country, percent in {
            "AT": "20", "AZ": "18", "BE": "21", "BG": "20", "CY": "19", "CZ": "21",
            "DE": "19", "DK": "25", "EE": "24", "ES": "21", "FI": "25.5", "FR": "20",
            "GB": "20", "GR": "24", "HR": "25", "HU": "27", "IE": "23", "IT": "22",
            "LT": "21", "LU": "17", "LV": "21", "MT": "18", "NL": "21", "PL": "23",
            "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23",
        }.items()
    }
)  # fmt: skip


def rate_for(country: str) -> Decimal:
    """Return the rate contained in prices for a country; where none is known, none is charged."""
    return STANDARD_RATES.get(country, Decimal(0))


def contained_tax(*, gross: Money, rate: Decimal) -> Money:
    """Return the tax inside a gross amount, rounded to the cent, per line."""
    return (gross * (rate / (1 + rate))).rounded()
