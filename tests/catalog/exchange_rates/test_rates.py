from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from catalog.exchange_rates import rates, tasks
from catalog.exchange_rates.ecb import UnreadableRatesError
from catalog.exchange_rates.rates import FutureRateError
from catalog.listings import refresh, repricing
from catalog.models import (
    Channel,
    ExchangeRate,
    ExchangeRateUpdate,
    Listing,
    PriceHold,
    RepricingRequest,
)
from storefront.accounts.models import User
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_exchange_rate,
    make_price_rule,
    make_variant,
)
from tests.factories.competitors import ecb_xml
from tests.factories.priced_shop import supplied

pytestmark = pytest.mark.django_db
D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def limits(settings):
    settings.RATES_MAX_AGE_H = 96
    settings.RATES_MAX_MOVE_PERCENT = 5


@pytest.fixture
def shop():
    """Two variants, one with a cost of 10 dollars, one with a cost in euros."""
    make_price_rule()
    make_exchange_rate(rate="0.90", as_of=NOON)
    foreign, local = make_variant(), make_variant()
    dollars = supplied(foreign, currency="USD")
    refresh.refresh_listings(channel=make_channel(), supplies=[dollars, supplied(local)], now=NOON)
    repricing.reprice_queued(now=NOON)
    return Listing.objects.get(variant=foreign), Listing.objects.get(variant=local)


def tell(rate, *, as_of, now=None):
    return rates.import_rates(
        quote="EUR",
        rates={"USD": D(rate)},
        source="bank",
        as_of=as_of,
        actor="ann",
        now=now or as_of,
    )["USD"]


def price_of(listing):
    return Listing.objects.values_list("price_amount", "is_published").get(pk=listing.pk)


def reprice(now):
    waiting = set(RepricingRequest.objects.values_list("variant", flat=True))
    repricing.reprice_queued(now=now)
    return waiting


def test_a_new_rate_reprices_variants_bought_in_that_currency(shop):
    foreign, local = shop
    assert (foreign.price_amount, foreign.cost_amount) == (D("19.99"), D("9.00"))

    Channel.objects.update(reprice_requested_at=None)
    done = tell("0.94", as_of=NOON + DAY)

    assert Channel.objects.get().reprice_requested_at is None
    assert (done, reprice(NOON + DAY)) == ("applied", {foreign.variant_id})
    assert price_of(foreign) == (D("20.99"), True)
    assert price_of(local) == (local.price_amount, True)
    assert list(ExchangeRateUpdate.objects.values_list("old_rate", "rate", "status")) == [
        (D("0.90"), D("0.94"), "applied")
    ]


def test_an_unchanged_rate_only_gets_a_new_date(shop):
    assert tell("0.90", as_of=NOON + DAY) == "applied"
    assert tell("0.90", as_of=NOON + DAY) == "known"
    assert tell("0.91", as_of=NOON - DAY, now=NOON + DAY) == "known"

    assert ExchangeRate.objects.get().as_of == NOON + DAY
    assert reprice(NOON + DAY) == set()


def test_a_rate_that_moves_too_far_is_held_and_sets_no_price(shop):
    foreign, _ = shop
    landed_at_worst = D("10.00") * D("0.99") + 2

    assert tell("0.99", as_of=NOON + DAY) == "waiting"
    assert reprice(NOON + DAY) == {foreign.variant_id}

    rate = ExchangeRate.objects.get()
    assert (rate.rate, rate.pending_rate, rate.validity) == (D("0.90"), D("0.99"), "unsure")
    # The current price stays, because it covers the higher rate too.
    foreign.refresh_from_db()
    assert price_of(foreign) == (D("19.99"), True)
    assert foreign.landed_amount == landed_at_worst
    assert not PriceHold.objects.exists()


def test_a_price_that_loses_money_by_the_held_rate_is_off_sale(shop):
    foreign, _ = shop
    tell("9", as_of=NOON + DAY)
    reprice(NOON + DAY)
    assert price_of(foreign) == (None, False)

    update = ExchangeRateUpdate.objects.get(status="waiting")
    rates.reject(update=update, actor="ann", reason="a slip", now=NOON + DAY)
    reprice(NOON + DAY)

    assert price_of(foreign) == (D("19.99"), True)
    assert tell("9", as_of=NOON + DAY) == "known"  # a rejected rate is not held again
    with pytest.raises(InvalidTransitionError):
        rates.approve(
            update=ExchangeRateUpdate.objects.get(pk=update.pk), actor="ann", now=NOON + DAY
        )


def test_an_approved_rate_applies_at_once(shop):
    foreign, _ = shop
    tell("1.20", as_of=NOON + DAY)
    reprice(NOON + DAY)

    rates.approve(update=ExchangeRateUpdate.objects.get(), actor="ann", now=NOON + DAY)

    assert reprice(NOON + DAY) == {foreign.variant_id}
    rate = ExchangeRate.objects.get()
    assert (rate.rate, rate.pending_rate, rate.validity) == (D("1.20"), None, "sure")
    assert price_of(foreign) == (D("24.99"), True)


def test_a_newer_rate_supersedes_the_held_one(shop):
    tell("1.20", as_of=NOON + DAY)
    tell("1.21", as_of=NOON + 2 * DAY)
    assert ExchangeRate.objects.get().pending_rate == D("1.21")

    assert tell("0.91", as_of=NOON + 3 * DAY) == "applied"

    statuses = ExchangeRateUpdate.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["superseded", "superseded", "applied"]
    assert ExchangeRate.objects.get().pending_rate is None


def test_an_old_rate_sets_no_price_and_an_expired_one_sells_nothing(shop):
    foreign, local = shop
    assert rates.expire_old(now=NOON + 96 * HOUR) == 0

    old = NOON + 97 * HOUR
    assert (rates.expire_old(now=old), rates.expire_old(now=old)) == (1, 0)
    assert reprice(old) == {foreign.variant_id}
    assert price_of(foreign) == (D("19.99"), True)
    repricing.reprice_channel(channel=make_channel(), now=old)  # nor does a full run set one
    assert price_of(foreign) == (D("19.99"), True)

    gone = NOON + 193 * HOUR
    assert (rates.expire_old(now=gone), reprice(gone)) == (1, {foreign.variant_id})
    assert price_of(foreign) == (None, False)
    assert price_of(local)[1] is True

    tell("0.90", as_of=gone)
    reprice(gone)
    assert price_of(foreign) == (D("19.99"), True)


def test_with_an_old_rate_a_price_must_cover_the_highest_plausible_rate(shop):
    foreign, _ = shop
    # 13.60 covers a cost of 9.00 plus 2.00 handling, but not 9.45 plus 2.00.
    Listing.objects.filter(pk=foreign.pk).update(price_amount=D("13.60"))
    old = NOON + 97 * HOUR
    rates.expire_old(now=old)

    reprice(old)

    assert price_of(foreign) == (None, False)


def test_new_variants_get_no_price_by_an_old_rate(shop):
    variant = make_variant()
    new = supplied(variant, "5.00", "USD")
    refresh.refresh_listings(channel=make_channel(), supplies=[new], now=NOON + 97 * HOUR)

    assert price_of(Listing.objects.get(variant=variant)) == (None, False)


def test_an_ecb_list_is_imported_for_each_channel_currency():
    make_channel()
    make_channel(code="us", currency="USD")
    content = ecb_xml({"USD": "1.25", "GBP": "0.80"})

    counts = rates.import_daily(content=content, source="file", actor="ann", now=NOON + DAY)

    assert counts == {"applied": 4, "waiting": 0, "known": 0}
    stored = ExchangeRate.objects.order_by("quote", "base").values_list("base", "quote", "rate")
    assert list(stored) == [
        ("GBP", "EUR", D("1.25")),
        ("USD", "EUR", D("0.80")),
        ("EUR", "USD", D("1.25")),
        ("GBP", "USD", D("1.5625")),
    ]


def test_a_rate_from_the_future_is_rejected():
    make_channel()
    with pytest.raises(FutureRateError):
        tell("0.9", as_of=NOON + 3 * DAY, now=NOON)

    assert not ExchangeRate.objects.exists()


def test_a_file_is_imported_by_command(tmp_path):
    make_channel()
    path, bad = tmp_path / "daily.xml", tmp_path / "bad.xml"
    path.write_bytes(ecb_xml({"USD": "1.25"}))
    bad.write_bytes(b"<html/>")
    said = StringIO()

    call_command("exchange_rates", "import", str(path), stdout=said)
    call_command("exchange_rates", "show", stdout=said)

    assert "daily.xml: 1 applied, 0 waiting, 0 known" in said.getvalue()
    assert "1 USD = 0.8000000000 EUR" in said.getvalue()
    with pytest.raises(CommandError, match="0 days"):
        call_command("exchange_rates", "import", str(bad))


def test_rates_are_fetched_if_a_source_is_configured(httpserver, settings):
    make_channel()
    assert tasks.fetch_rates() == {}
    httpserver.expect_request("/daily.xml").respond_with_data(ecb_xml({"USD": "1.25"}))
    settings.RATES_URL = [httpserver.url_for("/daily.xml")]

    assert rates.fetch(now=NOON + DAY) == {"applied": 1, "waiting": 0, "known": 0}
    assert rates.fetch(now=NOON + DAY) == {"applied": 0, "waiting": 0, "known": 1}

    assert ExchangeRate.objects.get().source == httpserver.host
    httpserver.clear()
    with pytest.raises(ExternalServiceError):
        rates.fetch(now=NOON + DAY)


CBAR = """<?xml version="1.0" encoding="UTF-8"?>
<ValCurs Date="24.11.2026" Name="AZN" Description="Azərbaycan manatı">
  <ValType Type="Bank metalları">
    <Valute Code="XAU"><Nominal>1 t.u.</Nominal><Name>Qızıl</Name><Value>7024.4</Value></Valute>
  </ValType>
  <ValType Type="Xarici valyutalar">
    <Valute Code="USD"><Nominal>1</Nominal><Name>1 ABŞ dolları</Name><Value>1.7</Value></Valute>
    <Valute Code="EUR"><Nominal>1</Nominal><Name>1 Avro</Name><Value>1.9694</Value></Valute>
    <Valute Code="KRW"><Nominal>100</Nominal><Name>100 von</Name><Value>0.1166</Value></Valute>
  </ValType>
</ValCurs>""".encode()


def test_rates_of_two_central_banks_are_fetched_each_for_its_currency(httpserver, settings):
    make_channel()
    make_channel(code="shop-az", currency="AZN")
    httpserver.expect_request("/24.11.2026.xml").respond_with_data(CBAR)
    httpserver.expect_request("/daily.xml").respond_with_data(ecb_xml({"USD": "1.25"}))
    settings.RATES_URL = [
        httpserver.url_for("/missing.xml"),
        httpserver.url_for("/") + "{day}.xml",
        httpserver.url_for("/daily.xml"),
    ]

    with pytest.raises(ExternalServiceError):  # one list fails, the others are imported
        rates.fetch(now=NOON)

    assert dict(ExchangeRate.objects.filter(quote="AZN").values_list("base", "rate")) == {
        "USD": Decimal("1.7"),
        "EUR": Decimal("1.9694"),
        "KRW": Decimal("0.001166"),
    }
    assert dict(ExchangeRate.objects.filter(quote="EUR").values_list("base", "rate")) == {
        "USD": Decimal("0.8")
    }


@pytest.mark.parametrize(
    ("old", "new"), [("24.11.2026", "2026-11-24"), ('"EUR"', '"GBP"'), ("1.9694", "nothing")]
)
def test_unreadable_list_of_the_azerbaijani_bank_changes_nothing(old, new):
    make_channel(code="shop-az", currency="AZN")
    content = CBAR.replace(old.encode(), new.encode())

    with pytest.raises(UnreadableRatesError):
        rates.import_daily(content=content, source="cbar.az", actor="test", now=NOON)

    assert not ExchangeRate.objects.exists()


def test_staff_set_rates_and_decide_on_held_ones(shop, client):
    client.force_login(User.objects.create_superuser("ann@fara.example", "a password"))
    rate = ExchangeRate.objects.get()
    form = {"rate": "1.5", "source": "ann", "as_of_0": "2026-11-24", "as_of_1": "13:00"}

    page = reverse("admin:catalog_exchangerate_change", args=[rate.pk])
    assert client.post(page, form).status_code == 302
    tell("2", as_of=NOON + DAY)
    update = ExchangeRateUpdate.objects.get(status="waiting")
    client.post(reverse("admin:catalog_exchangerateupdate_approve", args=[update.pk]))
    new = reverse("admin:catalog_exchangerate_add")
    assert client.post(new, {**form, "base": "gbp", "quote": "eur"}).status_code == 302

    rate.refresh_from_db()
    assert rate.rate == D(2)
    assert ExchangeRate.objects.get(base="GBP").quote == "EUR"
    stored = ExchangeRateUpdate.objects.order_by("pk").values_list("reported_by", "status")
    assert list(stored)[:2] == [("ann@fara.example", "applied"), ("ann", "approved")]


@pytest.mark.parametrize(
    ("days", "is_rejected"), [((1, 2, 3, 4), True), ((1, 4), True), ((1, 30), False)]
)
def test_waiting_does_not_make_a_rate_plausible(days, is_rejected):
    make_channel()
    make_exchange_rate(rate="0.90", as_of=NOON)
    for day in days:
        assert tell("1.03", as_of=NOON + day * DAY) == "waiting"
        if is_rejected:
            update = ExchangeRateUpdate.objects.get(status="waiting")
            rates.reject(update=update, actor="ann", reason="a slip", now=NOON + day * DAY)

    later = NOON + (days[-1] + 1) * DAY
    assert ExchangeRate.objects.get().rate == D("0.90")
    assert tell("0.94", as_of=later) == "applied"  # within 5 % of the current rate
    assert tell("1.08", as_of=later + 3 * DAY) == "applied"  # within 15 % in three days
