"""Store gate: a store that does not answer is left alone, and delays no other."""

import pytest

from storefront.lib.http.errors import TemporaryError
from storefront.sales_channels.models import Connection
from storefront.sales_channels.publishing import run
from suppliers.resilience import circuit_breaker
from tests.factories.catalog import NOON, make_channel
from tests.factories.sales_channels import make_connection, sell

pytestmark = pytest.mark.django_db


def test_failing_store_gets_no_more_calls_and_others_do(connection, store):
    other = make_connection(channel=make_channel(code="other"), base_url="http://other.example")
    sell(connection)
    sell(other, sku="HL-2")
    failures = 2 * circuit_breaker.OPENS_AFTER
    store.failures += [TemporaryError("no answer", is_outcome_unknown=True)] * failures

    for _ in range(failures):
        run.publish(connection.pk, now=NOON)
    run.publish(other.pk, now=NOON)

    assert len(store.calls) == circuit_breaker.OPENS_AFTER
    assert Connection.objects.get(pk=connection.pk).problem == "no answer"
    assert Connection.objects.get(pk=other.pk).problem == ""

    store.failures.clear()
    circuit_breaker.close(gateway=connection.breaker_key)
    run.publish(connection.pk, now=NOON)

    assert store.quantity_of("HL-1") == 20
