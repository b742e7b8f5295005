"""Shopify client: cost limits, tokens and errors of GraphQL."""

import time

import pytest

from storefront.dev.sandboxes.shopify.state import Rules
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.platforms.shopify import client
from tests.storefront.sales_channels.platforms.contract.cases import light, written


def test_call_waits_until_its_points_are_restored(store, monkeypatch):
    waits = []
    monkeypatch.setattr(
        time, "sleep", lambda s: waits.append(s) or store.running.state.advance_clock(s)
    )
    store.running.control("limits", {"restore": 10, "maximum": 120})
    store.platform.check()

    written(store, *(light(f"light-{number}") for number in range(3)))
    list(store.platform.read_variants())

    assert store.violations() == 0
    assert sum(waits) > 0


def test_call_that_is_throttled_is_sent_again(store):
    store.fault("check", "429", count=2)

    assert store.platform.check().name


def test_call_that_stays_throttled_is_temporary(store, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    store.fault("check", "429", count=0)

    with pytest.raises(TemporaryError) as raised:
        store.platform.check()

    assert not raised.value.is_outcome_unknown


def test_token_is_issued_once_and_again_when_it_is_refused(store, monkeypatch):
    monkeypatch.setattr(client.GraphqlClient, "_issued", {})
    store.platform.check()
    store.reconnect().check()
    first = dict(client.GraphqlClient._issued)
    assert len(first) == 1

    store.running.state.advance_clock(100_000)  # it expired at Shopify, which we do not know
    store.platform.check()

    assert client.GraphqlClient._issued != first


def test_fixed_token_needs_no_client_id(store):
    rules = Rules()
    secrets = {"access_token": rules.access_token, "client_secret": rules.client_secret}

    assert store.reconnect(**secrets).check().name


@pytest.mark.parametrize(
    "secrets",
    [
        {"client_id": "client-1", "client_secret": "wrong"},
        {"client_secret": "shpss_sandbox"},
        {"access_token": "shpat_revoked", "client_secret": "shpss_sandbox"},
    ],
)
def test_wrong_key_is_code_401(store, secrets):
    with pytest.raises(PermanentError) as raised:
        store.reconnect(**secrets).check()

    assert raised.value.code == "401"


def test_missing_permission_is_listed_and_is_code_403(store):
    state = store.running.state
    state.rules = Rules(scopes="write_products read_locations")

    missing = store.platform.check().missing_scopes
    assert "write_orders" in missing
    assert "write_products" not in missing
    with pytest.raises(PermanentError) as raised:
        store.platform.order("gid://shopify/Order/1")
    assert raised.value.code == "403"


def test_error_within_shopify_has_an_unknown_outcome(store):
    store.fault("write_products", "soft_500")

    with pytest.raises(TemporaryError) as raised:
        written(store, light())

    assert raised.value.is_outcome_unknown
