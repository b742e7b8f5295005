"""Parameters of the local Stripe sandbox: it refuses what Stripe refuses, with the same errors."""

import pytest

SESSION = {
    "mode": "payment",
    "success_url": "http://shop.example/back/",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "6499",
    "line_items[0][price_data][product_data][name]": "FL-1",
    "payment_intent_data[capture_method]": "manual",
}


def create(stripe, key="k", **changes):
    form = {name: value for name, value in (SESSION | changes).items() if value is not None}
    return stripe.call("checkout/sessions", form, **{"idempotency-key": key})


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"payment_method_types[0]": "card"}, "parameter_unknown", "payment_method_types[0]"),
        (
            {"line_items[0][price_data][dynamic_tax_rates][0]": "txr_1"},
            "parameter_unknown",
            "line_items[0][price_data][dynamic_tax_rates][0]",
        ),
        (
            {"line_items[0][price_data][unit_amount]": "64.99"},
            "parameter_invalid",
            "line_items[0][price_data][unit_amount]",
        ),
        ({"locale": "az_AZ"}, "parameter_invalid", "locale"),
        ({"mode": None}, "parameter_missing", None),
        ({"expires_at": "1"}, "parameter_invalid", None),
    ],
)
def test_unknown_or_invalid_parameters_are_refused(stripe, changes, code, param):
    answer = create(stripe, **changes)

    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["type"], error["code"], error.get("param")) == (
        "invalid_request_error",
        code,
        param,
    )
    assert stripe.things("checkout.session") == []


def test_repeated_key_gets_the_first_answer_and_none_for_other_parameters(stripe):
    refused = create(stripe, card="4242")  # does not use the key up
    first, again = create(stripe), create(stripe)
    other = create(stripe, locale="en")

    assert refused.status_code == 400
    assert create(stripe, key="k" * 256).status_code == 400
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert len(stripe.things("checkout.session")) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer sk_test_of_another"}, 401),
        ({"stripe-version": "2020-08-27"}, 400),
    ],
)
def test_wrong_key_or_version_is_refused(stripe, headers, status):
    answer = stripe.call("refunds", **headers)

    assert (answer.status_code, answer.json()["error"]["type"]) == (
        status,
        "invalid_request_error",
    )


def test_ids_are_expanded_to_objects_only_on_request(stripe):
    made = create(stripe).json()
    stripe.pay(made["url"])

    plain = stripe.call(f"checkout/sessions/{made['id']}").json()
    deep = stripe.call(f"checkout/sessions/{made['id']}?expand[0]=payment_intent.latest_charge")
    wrong = stripe.call(f"checkout/sessions/{made['id']}?expand[0]=customer")

    assert plain["payment_intent"].startswith("pi_")
    assert (plain["status"], plain["payment_status"]) == ("complete", "unpaid")
    charge = deep.json()["payment_intent"]["latest_charge"]
    assert (charge["captured"], charge["payment_method_details"]["card"]["last4"]) == (
        False,
        "4242",
    )
    assert not any(name.startswith("_") for name in [*plain, *deep.json()["payment_intent"]])
    assert wrong.status_code == 400


def test_an_intent_of_an_open_session_is_not_canceled(stripe):
    made = create(stripe).json()
    stripe.pay(made["url"], "4000002500003155")

    refused = stripe.call(f"payment_intents/{stripe.intent['id']}/cancel", {})

    assert refused.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_missing_object_is_named_in_the_error(stripe):
    assert stripe.call("checkout/sessions/cs_test_1").json()["error"] == {
        "type": "invalid_request_error",
        "code": "resource_missing",
        "message": "No such checkout.session: 'cs_test_1'",
    }
    assert stripe.call("customers").status_code == 404
