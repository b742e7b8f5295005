"""ECB reference rates: parse the daily XML, convert it to a quote currency. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

EURO = "EUR"
# Published at 16:00 in Frankfurt: at 15:00 UTC in winter, at 14:00 UTC in summer.
PUBLISHED_AT = time(15, tzinfo=UTC)
LEAST, MOST = Decimal("0.000001"), Decimal(10_000_000)
RATE_SCALE = Decimal("0.0000000001")


class UnreadableRatesError(ValueError):
    """The file is not a readable rate list; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyRates:
    """The value of one euro in each currency, and its date.

    ``only_into`` is the only quote currency that the source states; empty: all are usual.
    """

    as_of: datetime
    per_euro: Mapping[str, Decimal]
    only_into: str = ""

    def into(self, quote: str) -> dict[str, Decimal]:
        """Return the value of one unit of each other currency in ``quote``, via the euro.

        Empty if the list lacks ``quote``. Only the results are rounded.
        """
        per_euro = {**self.per_euro, EURO: Decimal(1)}
        if quote not in per_euro or self.only_into not in {"", quote}:
            return {}
        return {
            base: (per_euro[quote] / rate).quantize(RATE_SCALE)
            for base, rate in per_euro.items()
            if base != quote
        }


def read_xml(content: bytes) -> Any:
    """Return the root of a rate list. Raises UnreadableRatesError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableRatesError(f"The file is not valid XML: {error}"[:200]) from None


def parse(root: Any) -> DailyRates:
    """Parse ``eurofxref-daily.xml``.

    Raises: UnreadableRatesError  another file, or an invalid value
    Source: ecb.europa.eu, euro foreign exchange reference rates
    """
    days = root.xpath("//*[local-name()='Cube'][@time]")
    if len(days) != 1:
        raise UnreadableRatesError(f"The file has {len(days)} days, expected one.")
    try:
        as_of = datetime.combine(date.fromisoformat(days[0].get("time")), PUBLISHED_AT)
    except ValueError:
        raise UnreadableRatesError("The day is not a valid date.") from None
    per_euro: dict[str, Decimal] = {}
    for cube in days[0].xpath("./*[local-name()='Cube']"):
        currency, text = cube.get("currency", ""), cube.get("rate", "")
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):  # noqa: PLR2004
            raise UnreadableRatesError(f"{currency[:20]!r} is not a valid currency.")
        if currency in per_euro:
            raise UnreadableRatesError(f"{currency} occurs twice.")
        per_euro[currency] = read_rate(currency, text)
    if not per_euro:
        raise UnreadableRatesError("The file has no rates.")
    return DailyRates(as_of=as_of, per_euro=per_euro)


def read_rate(currency: str, text: str) -> Decimal:
    """Return a rate of a list. Raises UnreadableRatesError."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not (rate.is_finite() and LEAST < rate < MOST):
        raise UnreadableRatesError(f"{currency}: {text[:20]!r} is not a valid rate.")
    return rate
