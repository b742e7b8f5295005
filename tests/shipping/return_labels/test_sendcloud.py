"""Sendcloud adapter: each call against the sandbox over HTTP, with faults."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shipping.return_labels.base import (
    LabelItem,
    LabelParcel,
    LabelState,
    NotCancelableError,
)
from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from tests.factories.suppliers import NOON

HOUR = timedelta(hours=1)
CUSTOMER = Address(name="Ada", line1="Nizami 1", postcode="75001", city="Paris", country="FR")
SHOP = Address(name="Fara", line1="Lampenweg 1", postcode="10115", city="Berlin", country="DE")
LIGHT = LabelItem(
    sku="HL-1",
    title="Headlamp",
    quantity=2,
    weight_g=150,
    unit_value=Money(Decimal("30.00"), "EUR"),
    hs_code="851310",
    origin="CN",
)
PARCEL = LabelParcel(
    sender=CUSTOMER, recipient=SHOP, email="ada@example.org", items=(LIGHT,), needs_customs=False
)
ABROAD = replace(PARCEL, sender=replace(CUSTOMER, country="AZ"), needs_customs=True)
DPD = "dpd:return/return"


@pytest.fixture
def provider(label_provider):
    client = label_provider.open_client()
    yield client
    client.close()


def order(provider, parcel=PARCEL, option=DPD, reference="R-1-L1"):
    return provider.order(parcel, option=option, reference=reference)


def find(provider, reference):
    return provider.find(reference, since=NOON - HOUR, until=NOON + HOUR)


def test_a_route_has_its_options_with_prices_cheapest_first(provider):
    quotes = provider.quote(PARCEL)
    assert [(quote.code, quote.price) for quote in quotes] == [
        (DPD, Money(Decimal("5.95"), "EUR")),
        ("dhl:return/return", Money(Decimal("6.49"), "EUR")),
        ("postnl:return/labelless", Money(Decimal("7.25"), "EUR")),
    ]
    assert [quote.code for quote in provider.quote(ABROAD)] == ["ups:international/return"]


def test_a_route_that_no_carrier_serves_has_no_options(provider):
    assert not provider.quote(replace(PARCEL, sender=replace(CUSTOMER, country="AQ")))


def test_a_label_is_ordered_read_and_downloaded(provider, label_provider):
    report = provider.read(order(provider))

    assert (report.state, report.price) == (LabelState.READY, Money(Decimal("5.95"), "EUR"))
    assert (report.carrier, report.tracking_number) == ("dpd", "DPDR000000001")
    assert not report.is_scanned
    assert provider.download(report.document).startswith(b"%PDF-")
    sent = label_provider.sent()
    assert sent["weight"] == {"value": "0.3", "unit": "kg"}
    assert "hs_code" not in sent["parcel_items"][0]


def test_a_parcel_across_a_customs_border_is_declared(provider, label_provider):
    order(provider, ABROAD, "ups:international/return")
    (item,) = label_provider.sent()["parcel_items"]
    assert (item["hs_code"], item["origin_country"], item["quantity"]) == ("851310", "CN", 2)
    assert label_provider.sent()["customs_information"]["export_reason"] == "returned_goods"


def test_the_provider_refuses_a_declaration_without_customs_code(provider):
    light = replace(LIGHT, hs_code="")
    with pytest.raises(PermanentError, match="hs_code"):
        order(provider, replace(ABROAD, items=(light,)), "ups:international/return")


def test_a_label_is_found_by_its_reference_on_any_page(provider):
    for number in range(42):
        order(provider, reference=f"R-{number}-L1")
    assert find(provider, "R-41-L1") == "42"
    assert not find(provider, "R-99-L1")


def test_a_label_outside_the_time_is_not_found(provider):
    order(provider)
    assert not provider.find("R-1-L1", since=NOON + HOUR, until=NOON + 2 * HOUR)


def test_an_order_whose_answer_was_lost_may_have_been_processed(provider, label_provider):
    label_provider.fault("drop_after", path="returns")
    with pytest.raises(TemporaryError) as lost:
        order(provider)
    assert lost.value.is_outcome_unknown
    assert find(provider, "R-1-L1") == "1"


@pytest.mark.parametrize(
    ("kind", "error", "is_unknown"),
    [
        ("500", TemporaryError, True),
        ("429", TemporaryError, False),
        ("garbage", PermanentError, True),
        ("truncated", PermanentError, True),
        ("drop_before", TemporaryError, True),
    ],
)
def test_an_order_is_never_repeated_by_the_adapter(
    provider, label_provider, kind, error, is_unknown
):
    label_provider.fault(kind, path="returns")
    with pytest.raises(error) as failed:
        order(provider)
    assert failed.value.is_outcome_unknown == is_unknown
    assert len(label_provider.labels()) <= 1


def test_an_order_is_cut_off_when_the_provider_hangs(label_provider, monkeypatch):
    monkeypatch.setattr("shipping.return_labels.sendcloud.client.READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr("shipping.return_labels.sendcloud.client.TOTAL_TIMEOUT_S", 0.3)
    client = label_provider.open_client()
    label_provider.fault("slow", path="returns", delay_s=0.8)
    with pytest.raises(TemporaryError) as hung:
        order(client)
    client.close()
    assert hung.value.is_outcome_unknown


def test_reads_are_repeated(provider, label_provider):
    external_id = order(provider)
    label_provider.fault("500", path=external_id)
    assert provider.read(external_id).state == LabelState.READY


def test_wrong_keys_are_refused(label_provider):
    client = label_provider.open_client(secret_key="wrong-key")
    with pytest.raises(PermanentError, match="401") as refused:
        client.check(now=NOON)
    client.close()
    assert "wrong-key" not in str(refused.value)


def test_a_label_is_canceled_until_it_is_scanned(provider, label_provider):
    first, second = order(provider), order(provider, reference="R-2-L1")
    provider.cancel(first)
    assert provider.read(first).state == LabelState.CANCELED

    label_provider.control("scan", {"id": int(second)})
    assert provider.read(second).is_scanned
    with pytest.raises(NotCancelableError):
        provider.cancel(second)


def test_a_carrier_may_refuse_a_label_or_take_time(provider, label_provider):
    refused = order(provider, replace(PARCEL, sender=replace(CUSTOMER, name="Refused")))
    assert provider.read(refused).problem == "The carrier refused the address."
    assert provider.read(refused).state == LabelState.FAILED


def test_an_unconfirmed_label_is_pending(provider, label_provider):
    label_provider.state.rules = replace(label_provider.state.rules, announce_s=60)
    assert provider.read(order(provider)).state == LabelState.PENDING


def test_what_is_no_pdf_is_not_stored(provider, label_provider):
    report = provider.read(order(provider))
    label_provider.fault("garbage", path="label")
    with pytest.raises(PermanentError, match="not a PDF"):
        provider.download(report.document)
