"""Tax rates: choose the rate of a destination, by the rate table or a tax service."""

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
from orders.pricing.totals import TaxTreatment
from storefront.lib import address
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.http.errors import ExternalServiceError

log = logging.getLogger(__name__)

Scheme = TaxNumber.Scheme
ZERO_RATE = Decimal(0)
PRECISION = Decimal("0.00001")  # precision of ``OrderLine.tax_rate``


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryRate:
    """The rate of a country without regional rates on a day; None: not in the table."""

    country: str
    on: date
    rate: Decimal | None


class TaxService(Protocol):
    """A service for local rates; ``settings.TAX_SERVICE`` names its class; one per process."""

    def rate(self, *, country: str, region: str, postcode: str, on: date) -> Decimal:
        """Return the rate as a fraction, within two seconds.

        Raises: ExternalServiceError  no answer: the table applies
        """
        ...


def find_treatment(  # noqa: PLR0913 - one destination
    *,
    channel: Channel,
    country: str,
    region: str = "",
    postcode: str = "",
    on: date,
    country_rate: CountryRate | None = None,
) -> TaxTreatment:
    """Return how a sale to a destination is taxed.

    A channel with net prices adds tax only where we are registered. With gross prices the
    destination's tax is included. May call the tax service: hold no locks. ``country_rate`` saves
    a query if it has this country and day.
    """
    region = address.region_code(country=country, region=region)
    if channel.prices_exclude_tax and not is_registered_in(country=country, region=region, on=on):
        return TaxTreatment(rate=ZERO_RATE, is_added=True)
    rate = _rate(
        country=country, region=region, postcode=postcode, on=on, country_rate=country_rate
    )
    return TaxTreatment(rate=rate, is_added=channel.prices_exclude_tax)


def find_table_treatment(
    *, channel: Channel, country: str, on: date, country_rate: CountryRate | None = None
) -> TaxTreatment:
    """Return how a sale to a country is taxed by the rate table, without the tax service.

    Shape:  ``country_rate`` as for ``find_treatment``
    """
    if channel.prices_exclude_tax and not is_registered_in(country=country, region="", on=on):
        return TaxTreatment(rate=ZERO_RATE, is_added=True)
    rate = _known_rate(country=country, region="", on=on, country_rate=country_rate)
    return TaxTreatment(rate=rate, is_added=channel.prices_exclude_tax)


def is_registered_in(*, country: str, region: str, on: date) -> bool:
    """Return whether we are registered for the tax of a place."""
    registrations = Q(scheme__in=[Scheme.VAT, Scheme.SALES_TAX], country=country)
    registrations &= Q(region="") | Q(region=region)
    if country in EU:
        registrations |= Q(scheme__in=[Scheme.OSS, Scheme.IOSS])
    return _valid_numbers(on).filter(registrations).exists()


def registration_of(*, country: str, region: str, on: date) -> TaxNumber | None:
    """Return the registration under which tax of a place is paid: that of the place, else OSS."""
    local = Q(scheme__in=[Scheme.VAT, Scheme.SALES_TAX], country=country, region__in=["", region])
    if country in EU:
        local |= Q(scheme=Scheme.OSS)
    # A registration of the region comes first, then that of the country, then OSS.
    return _valid_numbers(on).filter(local).order_by("-region", "-country", "-valid_from").first()


def ioss_number(*, on: date) -> str:
    """Return the IOSS number valid on a day, or an empty string."""
    numbers = _valid_numbers(on).filter(scheme=Scheme.IOSS).order_by("-valid_from")
    return numbers.values_list("number", flat=True).first() or ""


def find_table_rate(*, country: str, region: str, on: date) -> Decimal:
    """Return the rate of a region, else of its country, else zero."""
    row = _RATES.first(country=country, regions=[region, ""], on=on)
    return ZERO_RATE if row is None else row.rate


def _rates(*, country: str, regions: list[str], on: date) -> QuerySet[TaxRate]:
    known = TaxRate.objects.filter(country=country, region__in=regions, valid_from__lte=on)
    return known.order_by("-region", "-valid_from")[:1]


_RATES = PreparedQuery(_rates)


def _rate(
    *, country: str, region: str, postcode: str, on: date, country_rate: CountryRate | None
) -> Decimal:
    service = _service(settings.TAX_SERVICE)
    if service is not None:
        try:
            answer = service.rate(country=country, region=region, postcode=postcode, on=on)
        except ExternalServiceError as error:
            log.warning("the tax service does not answer, using our own tax rates: %s", error)
        else:
            if ZERO_RATE <= answer < 1:
                return answer.quantize(PRECISION)
            log.warning(
                "the tax service returned %s, which is not a fraction, using our own tax rates",
                answer,
            )
    return _known_rate(country=country, region=region, on=on, country_rate=country_rate)


def _known_rate(
    *, country: str, region: str, on: date, country_rate: CountryRate | None
) -> Decimal:
    if country_rate is not None and (country_rate.country, country_rate.on) == (country, on):
        return ZERO_RATE if country_rate.rate is None else country_rate.rate
    return find_table_rate(country=country, region=region, on=on)


@cache
def _service(path: str) -> TaxService | None:
    return import_string(path)() if path else None


def _valid_numbers(on: date) -> QuerySet[TaxNumber]:
    return TaxNumber.objects.filter(valid_from__lte=on).exclude(valid_until__lt=on)
