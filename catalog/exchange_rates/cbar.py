"""Rates of the Central Bank of Azerbaijan: parse the daily XML, which has the ECB's missing AZN. Pure."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from catalog.exchange_rates.ecb import EURO, DailyRates, UnreadableRatesError, read_rate

MANAT = "AZN"
BAKU = timezone(timedelta(hours=4))


def is_list(root: Any) -> bool:
    return bool(root.tag == "ValCurs" and root.get("Name") == MANAT)


def parse(root: Any) -> DailyRates:
    """Parse a list such as cbar.az/currencies/01.12.2026.xml; metals have no number as nominal.

    Raises: UnreadableRatesError  an invalid value
    Source: cbar.az, official exchange rates
    """
    try:
        day = datetime.strptime(root.get("Date", ""), "%d.%m.%Y").replace(tzinfo=BAKU)
    except ValueError:
        raise UnreadableRatesError("The day is not a valid date.") from None
    in_manat: dict[str, Decimal] = {}
    for entry in root.iter("Valute"):
        currency, nominal = entry.get("Code", ""), entry.findtext("Nominal", "").strip()
        if nominal.isdecimal() and int(nominal):
            value = read_rate(currency, entry.findtext("Value", "").strip())
            in_manat[currency] = value / int(nominal)
    if (euro := in_manat.get(EURO)) is None:
        raise UnreadableRatesError("The file has no rate of EUR.")
    per_euro = {currency: euro / value for currency, value in in_manat.items() if currency != EURO}
    return DailyRates(
        as_of=day.astimezone(UTC), per_euro={**per_euro, MANAT: euro}, only_into=MANAT
    )
