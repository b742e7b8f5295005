"""Tax rates: choose the rate of a destination, by the rate table or a tax service."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Protocol

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from catalog.enums import EU
from catalog.models import Channel
from orders.models import TaxNumber, TaxRate
from orders.pricing.totals import Treatment
from storefront.lib import address
from storefront.lib.db.prepared_queries import Prepared
from storefront.lib.http.errors import OutsideError

log = logging.getLogger(__name__)

Scheme = TaxNumber.Scheme
NOT_TAXED = Decimal(0)
EXACT = Decimal("0.00001")  # precision of ``OrderLine.tax_rate``


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryRate:
    """The table's rate of a country without regional rates on a day.

    Shape:  ``rate`` is None if the table has none
    """

    country: str
    on: date
    rate: Decimal | None


class TaxService(Protocol):
    """An external service for local tax rates.

    ``settings.TAX_SERVICE`` names a class, instantiated without arguments once per process.
    """

    def rate(self, *, country: str, region: str, postcode: str, on: date) -> Decimal:
        """Return the rate as a fraction, within two seconds.

        Raises: OutsideError  no answer: the table applies
        """
        ...


def treatment(  # noqa: PLR0913 - one destination
    *,
    channel: Channel,
    country: str,
    region: str = "",
    postcode: str = "",
    on: date,
    known: CountryRate | None = None,
) -> Treatment:
    """Return how a sale to a destination is taxed.

    A channel with net prices adds tax only where we are registered. With gross prices the
    destination's tax is included. May call the tax service: hold no locks. ``known`` saves a query
    if it is of this country and day.
    """
    region = address.region_code(country=country, region=region)
    if channel.adds_tax and not collects(country=country, region=region, on=on):
        return Treatment(rate=NOT_TAXED, is_added=True)
    rate = _rate(country=country, region=region, postcode=postcode, on=on, known=known)
    return Treatment(rate=rate, is_added=channel.adds_tax)


def by_table(
    *, channel: Channel, country: str, on: date, known: CountryRate | None = None
) -> Treatment:
    """Return how a sale to a country is taxed by the rate table, without the tax service.

    Shape:  ``known`` as for ``treatment``
    """
    if channel.adds_tax and not collects(country=country, region="", on=on):
        return Treatment(rate=NOT_TAXED, is_added=True)
    rate = _known_rate(country=country, region="", on=on, known=known)
    return Treatment(rate=rate, is_added=channel.adds_tax)


def collects(*, country: str, region: str, on: date) -> bool:
    """Return True if we are registered for the tax of a place."""
    here = Q(scheme__in=[Scheme.VAT, Scheme.SALES_TAX], country=country)
    here &= Q(region="") | Q(region=region)
    if country in EU:
        here |= Q(scheme__in=[Scheme.OSS, Scheme.IOSS])
    return _valid(on).filter(here).exists()


def ioss_number(*, on: date) -> str:
    """Return the IOSS number valid on a day, or an empty string."""
    found = _valid(on).filter(scheme=Scheme.IOSS).order_by("-valid_from")
    return found.values_list("number", flat=True).first() or ""


def table_rate(*, country: str, region: str, on: date) -> Decimal:
    """Return the rate of a region, else of its country, else zero."""
    found = _RATES.first(country=country, regions=[region, ""], on=on)
    return NOT_TAXED if found is None else found.rate


def _rates(*, country: str, regions: list[str], on: date) -> QuerySet[TaxRate]:
    known = TaxRate.objects.filter(country=country, region__in=regions, valid_from__lte=on)
    return known.order_by("-region", "-valid_from")[:1]


_RATES = Prepared(_rates)


def _rate(
    *, country: str, region: str, postcode: str, on: date, known: CountryRate | None
) -> Decimal:
    service = _service(settings.TAX_SERVICE)
    if service is not None:
        try:
            told = service.rate(country=country, region=region, postcode=postcode, on=on)
        except OutsideError as error:
            log.warning("the tax service does not answer, using our own tax rates: %s", error)
        else:
            if NOT_TAXED <= told < 1:
                return told.quantize(EXACT)
            log.warning(
                "the tax service returned %s, which is not a fraction, using our own tax rates",
                told,
            )
    return _known_rate(country=country, region=region, on=on, known=known)


def _known_rate(*, country: str, region: str, on: date, known: CountryRate | None) -> Decimal:
    if known is not None and (known.country, known.on) == (country, on):
        return NOT_TAXED if known.rate is None else known.rate
    return table_rate(country=country, region=region, on=on)


@cache
def _service(path: str) -> TaxService | None:
    return import_string(path)() if path else None


def _valid(on: date) -> QuerySet[TaxNumber]:
    return TaxNumber.objects.filter(valid_from__lte=on).exclude(valid_until__lt=on)
