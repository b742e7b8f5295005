"""Competitor factories: make prices and lists of competitors, identifiers, sales, ECB rates."""

from datetime import UTC, datetime
from decimal import Decimal

from catalog.competitors import price_import
from catalog.competitors.csv_format import PriceLine
from catalog.models import CompetitorPrice, Identifier

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_competitor_price(variant, *, amount="19.99", confidence="1.00", **changes):
    known = {
        "competitor": "lamps.example",
        "currency": "EUR",
        "has_tax": True,
        "as_of": NOON,
        "matched_by": "sku",
        "source": "test",
        "reported_by": "ann",
        **changes,
    }
    return CompetitorPrice.objects.create(
        variant=variant, amount=Decimal(amount), confidence=Decimal(confidence), **known
    )


def make_identifier(variant, *, scheme="gtin", value="04006381333931", state="asserted"):
    return Identifier.objects.create(
        variant=variant, scheme=scheme, value=value, raw=value, state=state
    )


def make_competitor_file(text, *, name="prices.csv", now=NOON):
    return price_import.store_list(name=name, content=text.encode(), actor="ann", now=now)


def ecb_xml(rates, *, day="2026-11-24"):
    """Write a list as the European Central Bank does."""
    cubes = "".join(
        f'<Cube currency="{currency}" rate="{rate}"/>' for currency, rate in rates.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
        ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
        "<gesmes:subject>Reference rates</gesmes:subject>"
        f'<Cube><Cube time="{day}">{cubes}</Cube></Cube></gesmes:Envelope>'
    ).encode()


def make_price_line(**changes):
    """Return a line in which every field is stated."""
    known = {
        "competitor": "lamps.example",
        "sku": "HL-1",
        "gtin": "04006381333931",
        "brand": "Fara",
        "mpn": "H1",
        "amount": Decimal("19.99"),
        "currency": "EUR",
        "has_tax": False,
        "url": "https://lamps.example/h1",
        "confidence": Decimal("0.90"),
    }
    return PriceLine(**{**known, **changes})
