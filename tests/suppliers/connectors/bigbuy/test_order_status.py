import json
from decimal import Decimal

import httpx
import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Acknowledgement,
    FreightOption,
    NoShippingServiceError,
    OrderReference,
)
from tests.suppliers.connectors.bigbuy.recorded_answers import (
    REQUEST,
    business,
    json_answer,
    recorded,
    said,
)

pytestmark = pytest.mark.django_db


def order_with(**changes):
    return json_answer(recorded("order") | {"internalReference": "FL-1-1"} | changes)


def mock_order(mocked, *, trackings=(), **changes):
    """Mock one order, found by our number."""
    found = json_answer({"id": "119000001"})
    mocked.get("order/reference/FL-1-1.json").mock(return_value=found)
    mocked.get("order/119000001.json").mock(return_value=order_with(**changes))
    rows = [{"id": 119000001, "trackings": list(trackings)}] if trackings else []
    mocked.post("tracking/orders.json").mock(return_value=json_answer(rows))
    mocked.get("tracking/carriers.json").mock(return_value=said("carriers"))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200),
        httpx.Response(200, text="[]"),
        httpx.Response(200, json={"code": 409, "message": "Something went wrong"}),
        httpx.Response(401),
    ],
)
def test_failed_lookup_proves_nothing(bigbuy_answers, opened, answer):
    bigbuy_answers.get("order/reference/FL-1-1.json").mock(return_value=answer)

    with pytest.raises((TemporaryError, PermanentError)):
        opened().find(number="FL-1-1")


def test_order_is_read_with_its_parcels(bigbuy_answers, opened):
    parcel = {
        "trackingNumber": "GLS123",
        "statusDescription": "In transit",
        "statusDate": "2026-11-24 10:00:00",
        "carrier": {"id": 3},
    }
    mock_order(bigbuy_answers, trackings=[parcel], status="Shipped")

    state = opened().find(number="FL-1-1")

    assert (state.answer, state.supplier_reference) == (Acknowledgement.SHIPPED, "119000001")
    (notice,) = state.parcels
    assert (notice.carrier, notice.number, notice.carrier_text) == ("GLS", "GLS123", "In transit")
    assert notice.happened_at.isoformat() == "2026-11-24T10:00:00+00:00"
    assert state.cost == Money(Decimal("18.27"), "EUR")
    assert json.dumps(state.raw)


def test_unmapped_status_counts_as_accepted(bigbuy_answers, opened):
    mock_order(bigbuy_answers, status="Enviado")

    state = opened().find(number="FL-1-1")

    assert state.answer is Acknowledgement.ACCEPTED
    assert "'Enviado'" in state.reason


def test_order_with_another_number_is_not_ours(bigbuy_answers, opened):
    mock_order(bigbuy_answers, internalReference="X-9")

    with pytest.raises(TemporaryError, match="received X-9"):
        opened().find(number="FL-1-1")


REFERENCES = [OrderReference(number=f"FL-{key}", supplier_reference=key) for key in ("1", "2")]


def test_orders_are_tracked_in_one_call_and_matched_by_id(bigbuy_answers, opened):
    for key in ("1", "2"):
        bigbuy_answers.get(f"order/{key}.json").mock(
            return_value=order_with(id=key, internalReference=f"FL-{key}")
        )
    bigbuy_answers.get("tracking/carriers.json").mock(return_value=said("carriers"))
    parcel = {"trackingNumber": "T2", "carrier": {"id": "3"}}
    asked = bigbuy_answers.post("tracking/orders.json").mock(
        return_value=json_answer([{"id": "2", "trackings": [parcel]}])
    )

    states = {state.number: len(state.parcels) for state in opened().track(REFERENCES)}

    assert states == {"FL-1": 0, "FL-2": 1}
    assert asked.call_count == 1


def test_order_that_ships_during_the_poll_has_its_parcel(bigbuy_answers, opened):
    has_left = []
    parcel = {"trackingNumber": "T1", "carrier": {"id": "3"}}

    def order(_request):
        has_left.append(True)  # it ships while it is read
        return order_with(id="1", internalReference="FL-1", status="Delivered")

    def parcels(_request):
        return json_answer([{"id": "1", "trackings": [parcel] if has_left else []}])

    bigbuy_answers.get("order/1.json").mock(side_effect=order)
    bigbuy_answers.post("tracking/orders.json").mock(side_effect=parcels)
    bigbuy_answers.get("tracking/carriers.json").mock(return_value=said("carriers"))

    (state,) = opened().track(REFERENCES[:1])

    assert [each.number for each in state.parcels] == ["T1"]


def test_orders_read_before_an_error_are_returned(bigbuy_answers, opened):
    bigbuy_answers.get("order/1.json").mock(
        return_value=order_with(id="1", internalReference="FL-1")
    )
    bigbuy_answers.get("order/2.json").mock(return_value=httpx.Response(500))
    bigbuy_answers.post("tracking/orders.json").mock(return_value=json_answer([]))
    numbers = []

    with pytest.raises(TemporaryError):
        numbers += (state.number for state in opened().track(REFERENCES))

    assert numbers == ["FL-1"]


@pytest.fixture
def freight(bigbuy_answers, opened):
    """Return a function that quotes freight from the recorded answer, or from a changed one."""

    def freight(delay="", answer=None, names=None, **options):
        quotes = recorded("shipping")["shippingOptions"]
        if delay:
            service = quotes[0]["shippingService"] | {"delay": delay}
            quotes = [quotes[0] | {"shippingService": service}]
        answer = answer or json_answer([{"shippingOptions": quotes}])  # as documented
        bigbuy_answers.post("shipping/orders.json").mock(return_value=answer)
        named = said("carriers") if names is None else json_answer(names)
        bigbuy_answers.get("shipping/carriers.json").mock(return_value=named)
        return opened(**options).freight(
            country_from="ES", ship_to=REQUEST.ship_to, lines=REQUEST.lines
        )

    return freight


def test_freight_is_quoted_for_allowed_carriers(freight):
    every = freight(answer=said("shipping"))

    price = Money(Decimal("8.58"), "EUR")
    assert every[0] == FreightOption(name="gls", price=price, min_days=3, max_days=5)
    assert [option.name for option in every] == ["gls", "dhl", "ups"]
    assert [option.name for option in freight(carriers=["DHL"])] == ["dhl"]
    assert freight("soon", carriers=["Owl"]) == ()
    assert freight(answer=json_answer({"shippingOptions": []})) == ()


@pytest.mark.parametrize(
    ("delay", "days"),
    [("24 - 48 h", (1, 2)), ("48 h", (2, 2)), ("3-5 days", (3, 5)), ("25 h", (2, 2))],
)
def test_delivery_hours_are_rounded_up_to_days(freight, delay, days):
    (option,) = freight(delay)

    assert (option.min_days, option.max_days) == days


@pytest.mark.parametrize(("delay", "names"), [("soon", None), ("", [])])
def test_unreadable_quotes_are_an_error_and_not_a_missing_service(freight, delay, names):
    with pytest.raises(PermanentError, match="no carrier in the answer can be read") as caught:
        freight(delay, names=names)

    assert not isinstance(caught.value, NoShippingServiceError)


def test_no_carrier_for_the_order_raises(freight):
    with pytest.raises(NoShippingServiceError):
        freight(answer=business("ER010"))


def test_balance_is_read(bigbuy_answers, opened):
    bigbuy_answers.get("user/purse.json").mock(return_value=json_answer("10000.00"))

    assert opened().balance() == Money(Decimal("10000.00"), "EUR")


def test_api_key_is_checked_without_account_name(bigbuy_answers, opened):
    asked = bigbuy_answers.get("user/auth/status.json")
    asked.mock(return_value=httpx.Response(200))
    assert not opened().sign_in()

    asked.mock(return_value=httpx.Response(401, json={"message": "Invalid Token"}))
    with pytest.raises(PermanentError, match="key is wrong"):
        opened().sign_in()


def test_advice_names_missing_settings(bigbuy_answers, opened):
    bigbuy_answers.get("order/orderstatuses.json").mock(return_value=said("orderstatuses"))
    bigbuy_answers.get("shipping/carriers.json").mock(return_value=said("carriers"))

    advice = " ".join(opened(taxonomies=[], email="", carriers=["Owl"]).advice())

    assert "taxonomies" in advice
    assert "e-mail" in advice
    assert "'In preparation', 'Cancelled', 'PENDING INVOICE'" in advice
    assert "owl. It offers correos" in advice
