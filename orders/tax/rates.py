"""Say how a sale is taxed where it goes: by the table of rates, or by a tax service."""

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
EXACT = Decimal("0.00001")  # as orders keep it


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryRate:
    """What our table says of a country on a day, none of whose regions has a rate of its own.

    Shape:  ``rate`` None: it says nothing
    """

    country: str
    on: date
    rate: Decimal | None


class TaxService(Protocol):
    """Somebody who knows the rate of a place better than our table does.

    ``settings.TAX_SERVICE`` names a class of this kind, made without arguments, once a process.
    """

    def rate(self, *, country: str, region: str, postcode: str, on: date) -> Decimal:
        """Return the rate of a place as a fraction, within two seconds.

        Raises: OutsideError  he does not say: the table counts
        """
        ...


def treatment(  # noqa: PLR0913 - on which channel, where to, when, and what is known of it
    *,
    channel: Channel,
    country: str,
    region: str = "",
    postcode: str = "",
    on: date,
    known: CountryRate | None = None,
) -> Treatment:
    """Say how a sale to a place is taxed.

    Where a channel tells prices without tax, it is added only where we are registered to collect
    it. Where it tells them with tax, the tax of the place is in them. A service may be asked: no
    lock may be held. What is ``known`` of this country and day is not read again.
    """
    region = address.region_code(country=country, region=region)
    if channel.adds_tax and not collects(country=country, region=region, on=on):
        return Treatment(rate=NOT_TAXED, is_added=True)
    rate = _rate(country=country, region=region, postcode=postcode, on=on, known=known)
    return Treatment(rate=rate, is_added=channel.adds_tax)


def by_table(
    *, channel: Channel, country: str, on: date, known: CountryRate | None = None
) -> Treatment:
    """Say how a sale to a country is taxed by our table alone: nobody outside is asked.

    Shape:  ``known`` as for ``treatment``
    """
    if channel.adds_tax and not collects(country=country, region="", on=on):
        return Treatment(rate=NOT_TAXED, is_added=True)
    rate = _known_rate(country=country, region="", on=on, known=known)
    return Treatment(rate=rate, is_added=channel.adds_tax)


def collects(*, country: str, region: str, on: date) -> bool:
    """Tell whether we have a number under which we declare the tax of a place."""
    here = Q(scheme__in=[Scheme.VAT, Scheme.SALES_TAX], country=country)
    here &= Q(region="") | Q(region=region)
    if country in EU:
        here |= Q(scheme__in=[Scheme.OSS, Scheme.IOSS])
    return _valid(on).filter(here).exists()


def ioss_number(*, on: date) -> str:
    """Return the number for parcels into the EU; empty if there is none on that day."""
    found = _valid(on).filter(scheme=Scheme.IOSS).order_by("-valid_from")
    return found.values_list("number", flat=True).first() or ""


def table_rate(*, country: str, region: str, on: date) -> Decimal:
    """Return the rate of a region, or else of its country; where none is known, none is charged."""
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
            log.warning("the tax service does not answer, our table counts: %s", error)
        else:
            if NOT_TAXED <= told < 1:
                return told.quantize(EXACT)
            log.warning("the tax service told %s, which is no fraction: our table counts", told)
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
