"""Tax rates: valid from their day; tax is added only where we are registered."""

from datetime import date
from decimal import Decimal

import pytest

from orders.models import TaxNumber
from orders.pricing.totals import TaxTreatment
from orders.tax import rates
from storefront.lib.http.errors import TemporaryError
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 26)


class LocalTaxService:
    """A tax service that knows the local rate of one city."""

    def rate(self, *, country, region, postcode, on):
        assert (country, region, on) == ("US", "CA", DAY)
        return Decimal("0.095") if postcode == "90001" else Decimal("0.0725")


class UnavailableTaxService:
    """A tax service that does not answer."""

    def rate(self, **_place):
        raise TemporaryError("timed out")


class PercentTaxService:
    """A tax service that returns a percentage instead of a fraction."""

    def rate(self, **_place):
        return Decimal(19)


@pytest.mark.parametrize(
    ("country", "region", "on", "rate"),
    [
        ("DE", "", DAY, "0.19"),
        ("FI", "", date(2024, 8, 31), "0.24"),
        ("FI", "", date(2024, 9, 1), "0.255"),
        ("RO", "", date(2025, 7, 31), "0.19"),
        ("RO", "", date(2025, 8, 1), "0.21"),
        ("EE", "", date(2026, 1, 1), "0.24"),
        ("SK", "", date(2024, 12, 31), "0.20"),
        ("US", "CA", DAY, "0.0725"),
        ("US", "MN", DAY, "0.06875"),
        ("US", "", DAY, "0"),
        ("DE", "BE", DAY, "0.19"),
        ("JP", "", DAY, "0"),
        ("DE", "", date(2023, 1, 1), "0"),
    ],
)
def test_a_rate_is_that_of_its_place_and_day(country, region, on, rate):
    assert rates.find_table_rate(country=country, region=region, on=on) == Decimal(rate)


def test_tax_is_added_only_where_we_are_registered():
    channel = make_channel(prices_exclude_tax=True)
    TaxNumber.objects.create(
        scheme="sales_tax", country="US", region="CA", number="SR-1", valid_from=date(2026, 1, 1)
    )

    def rate(region, on=DAY):
        return rates.find_treatment(channel=channel, country="US", region=region, on=on)

    for written in (" ca ", "California"):
        assert rate(written) == TaxTreatment(rate=Decimal("0.0725"), is_added=True)
    assert rate("CA") == TaxTreatment(rate=Decimal("0.0725"), is_added=True)
    assert rate("NY") == TaxTreatment(rate=Decimal(0), is_added=True)
    assert rate("CA", on=date(2025, 12, 31)) == TaxTreatment(rate=Decimal(0), is_added=True)


@pytest.mark.parametrize(
    ("scheme", "place", "country", "is_collected"),
    [
        ("oss", "", "FR", True),
        ("oss", "", "GB", False),
        ("vat", "GB", "GB", True),
        ("vat", "GB", "FR", False),
        ("ioss", "", "FR", True),
        ("ioss", "", "GB", False),
    ],
)
def test_a_registration_is_valid_in_its_own_place(scheme, place, country, is_collected):
    TaxNumber.objects.create(
        scheme=scheme, country=place, number="IM3720000224", valid_from=DAY, valid_until=DAY
    )

    assert rates.is_registered_in(country=country, region="", on=DAY) is is_collected
    assert not rates.is_registered_in(country=country, region="", on=date(2026, 11, 27))


def test_a_configured_tax_service_is_used(settings):
    settings.TAX_SERVICE = f"{__name__}.LocalTaxService"
    channel = make_channel(prices_exclude_tax=True)
    TaxNumber.objects.create(scheme="sales_tax", country="US", number="1", valid_from=DAY)

    found = rates.find_treatment(
        channel=channel, country="US", region="CA", postcode="90001", on=DAY
    )

    assert found.rate == Decimal("0.095")


@pytest.mark.parametrize("service", ["", "PercentTaxService", "UnavailableTaxService"])
def test_without_a_valid_answer_of_a_tax_service_the_table_applies(settings, service):
    settings.TAX_SERVICE = service and f"{__name__}.{service}"

    found = rates.find_treatment(channel=make_channel(), country="FI", on=DAY)

    assert found == TaxTreatment(rate=Decimal("0.255"), is_added=False)


def test_the_table_treatment_does_not_call_the_tax_service(settings):
    settings.TAX_SERVICE = f"{__name__}.LocalTaxService"  # it fails for Germany
    here = {"channel": make_channel(), "on": DAY}
    known = rates.CountryRate(country="DE", on=DAY, rate=Decimal("0.07"))

    assert rates.find_table_treatment(country="DE", **here) == TaxTreatment(rate=Decimal("0.19"))
    assert rates.find_table_treatment(country="DE", country_rate=known, **here).rate == Decimal(
        "0.07"
    )
    assert rates.find_table_treatment(country="FI", country_rate=known, **here).rate == Decimal(
        "0.255"
    )
    dollars = make_channel(code="us", prices_exclude_tax=True)
    assert rates.find_table_treatment(channel=dollars, country="DE", on=DAY) == TaxTreatment(
        is_added=True
    )
