"""Declared capabilities: each is tested, each connector declares what it needs."""

import msgspec
import pytest

from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import PROTOCOLS, Capability, capabilities_of, require
from suppliers.connectors.records import UnsupportedCapabilityError
from tests.factories.connector_contexts import make_context
from tests.suppliers.connectors.contract.cases import TESTED_CONNECTORS, can, missing_capabilities
from tests.suppliers.connectors.contract.subjects import SUBJECTS, connector_of

NOT_TESTED = {"fake"}  # an in-memory supplier: its calls have no faults


def test_every_connector_is_tested():
    assert CONNECTORS.keys() - NOT_TESTED == {subject.connector for subject in SUBJECTS.values()}


def test_every_capability_is_tested_with_faults():
    forgotten = {
        (connector, ability)
        for connector in CONNECTORS.keys() - NOT_TESTED
        for ability in capabilities_of(connector_class(connector))
        if not any(
            each.paths.get(ability) for each in SUBJECTS.values() if each.connector == connector
        )
    }

    assert {ability for _, ability in forgotten} <= {
        Capability.WEBHOOKS
    }  # which calls nothing: the supplier calls us


@pytest.fixture
def context(name, tmp_path):
    subject = SUBJECTS[name]
    return make_context(
        "http://127.0.0.1:9/", secrets=subject.secrets, options=subject.options, folder=tmp_path
    )


@pytest.mark.parametrize("name", TESTED_CONNECTORS)
def test_connector_declares_title_secrets_options_and_capabilities(name):
    kind, abilities = connector_of(name), set(can(name))

    assert {Capability.CATALOG, Capability.STOCK_AND_PRICE} <= abilities
    assert Capability.ORDER_PLACING not in abilities or Capability.ORDER_READING in abilities
    assert kind.TITLE
    assert len(kind.CURRENCY) == 3
    assert {secret.name for secret in kind.SECRETS} >= set(SUBJECTS[name].secrets)
    assert all(secret.label for secret in kind.SECRETS)
    assert msgspec.convert({}, kind.OPTIONS) is not None
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"no_such_option": 1}, kind.OPTIONS)
    assert len({quota.name for quota in kind.QUOTAS}) == len(kind.QUOTAS)
    assert all(quota.points > quota.reserved_for_orders >= 0 for quota in kind.QUOTAS)


@pytest.mark.parametrize("name", TESTED_CONNECTORS)
def test_constructor_sends_no_request(name, context):
    connector_of(name)(context).close()

    assert context.gate.count == 0
    assert not any(secret in repr(context) for secret in SUBJECTS[name].secrets.values())


@pytest.mark.parametrize(("name", "ability"), missing_capabilities())
def test_missing_capability_raises(name, ability, context):
    connector = connector_of(name)(context)

    for protocol in PROTOCOLS[ability]:
        with pytest.raises(UnsupportedCapabilityError) as caught:
            require(connector, protocol)
        assert caught.value.code == "no_such_capability"
    connector.close()
