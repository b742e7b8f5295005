"""Default tax rates: list the VAT and US sales tax rates that a new shop starts with.

From then on staff maintain them. These are standard VAT rates and the state part of sales tax;
local parts need a tax service or rates that staff enter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

VALID_FROM = date(2024, 1, 1)
VAT = "Standard rate of value added tax"
STATE = "State sales tax, without local parts"
VAT_RATES = {
    "AT": "20", "AZ": "18", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19",
    "DK": "25", "EE": "22", "ES": "21", "FI": "24", "FR": "20", "GB": "20", "GR": "24",
    "HR": "25", "HU": "27", "IE": "23", "IT": "22", "LT": "21", "LU": "17", "LV": "21",
    "MT": "18", "NL": "21", "PL": "23", "PT": "23", "RO": "19", "SE": "25", "SI": "22",
    "SK": "20",
}  # fmt: skip
VAT_CHANGES = (
    ("FI", "25.5", date(2024, 9, 1)),
    ("SK", "23", date(2025, 1, 1)),
    ("EE", "24", date(2025, 7, 1)),
    ("RO", "21", date(2025, 8, 1)),
)
STATE_RATES = {
    "AK": "0", "AL": "4", "AR": "6.5", "AZ": "5.6", "CA": "7.25", "CO": "2.9", "CT": "6.35",
    "DC": "6", "DE": "0", "FL": "6", "GA": "4", "HI": "4", "IA": "6", "ID": "6", "IL": "6.25",
    "IN": "7", "KS": "6.5", "KY": "6", "LA": "5", "MA": "6.25", "MD": "6", "ME": "5.5",
    "MI": "6", "MN": "6.875", "MO": "4.225", "MS": "7", "MT": "0", "NC": "4.75", "ND": "5",
    "NE": "5.5", "NH": "0", "NJ": "6.625", "NM": "4.875", "NV": "6.85", "NY": "4", "OH": "5.75",
    "OK": "4.5", "OR": "0", "PA": "6", "RI": "7", "SC": "6", "SD": "4.2", "TN": "7",
    "TX": "6.25", "UT": "4.85", "VA": "4.3", "VT": "6", "WA": "6.5", "WI": "5", "WV": "6",
    "WY": "4",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One row, as a fraction: 0.19 for 19 %."""

    country: str
    rate: Decimal
    valid_from: date
    source: str
    region: str = ""


def default_rates() -> Iterator[Rate]:
    """Yield all default rates."""
    for country, percent in VAT_RATES.items():
        yield Rate(country=country, rate=_fraction(percent), valid_from=VALID_FROM, source=VAT)
    for country, percent, day in VAT_CHANGES:
        yield Rate(country=country, rate=_fraction(percent), valid_from=day, source=VAT)
    for state, percent in STATE_RATES.items():
        yield Rate(
            country="US", region=state, rate=_fraction(percent), valid_from=VALID_FROM, source=STATE
        )


def highest_vat_rate() -> Decimal:
    """Return the highest VAT rate: a price that includes it covers any other."""
    return max(rate.rate for rate in default_rates() if not rate.region)


def _fraction(percent: str) -> Decimal:
    return Decimal(percent) / 100
