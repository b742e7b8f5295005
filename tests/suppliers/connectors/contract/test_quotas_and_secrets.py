"""Quotas and secrets: stay within the supplier's limits, log no secret, order nothing."""

import logging
from contextlib import suppress
from dataclasses import replace

import pytest
from django.utils import timezone

from storefront.lib.http.errors import ExternalServiceError
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import OrderReference, QuotaExceededError
from suppliers.models import CallQuota, Connection, Supplier
from suppliers.resilience.quotas import DatabaseQuotaCounter
from tests.suppliers.connectors.contract.cases import (
    READS,
    TESTED_CONNECTORS,
    UNKNOWN,
    can,
    connector_faults,
    request,
)
from tests.suppliers.connectors.contract.subjects import SUBJECTS, connector_of

READS_PER_HOUR = 14  # more than any sandbox allows in an hour
WITH_QUOTAS = [name for name in TESTED_CONNECTORS if connector_of(name).QUOTAS]
WITH_SECRETS = [name for name in TESTED_CONNECTORS if SUBJECTS[name].secrets]


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_sign_in_returns_the_account_or_an_error_without_the_key(connect, name):
    wrong = dict.fromkeys(SUBJECTS[name].secrets, "CJ1@api@swordfish")
    opened = connect(name)
    assert isinstance(opened.connector.sign_in(), str)
    context = replace(opened.context, secrets=wrong, tokens=type(opened.context.tokens)())
    connector = connector_of(name)(context)

    with pytest.raises(ExternalServiceError) as refused:
        connector.sign_in()

    connector.close()
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_no_secret_is_in_logs_or_errors(connect, name, caplog):
    caplog.set_level(logging.DEBUG)
    opened = connect(name)
    errors = []
    calls = [opened.connector.sign_in, *(lambda work=work: work(opened) for work in READS.values())]
    unknown = [OrderReference(number=UNKNOWN, supplier_reference="1")]
    calls.append(lambda: list(opened.connector.track(unknown)))
    calls.append(lambda: opened.connector.claims(supplier_reference="1"))
    if Capability.ORDER_PLACING in can(name):
        calls.append(lambda: opened.connector.place(request(opened)))
    quoting_faults = {"500", "garbage", "truncated", "drop_after"} & {*opened.subject.faults}
    for kind in ("", *sorted(quoting_faults)):
        for paths in opened.subject.paths.values():
            for path in paths if kind else ():
                opened.fault(path, kind, count=1)
        for work in calls:
            try:
                work()
            except (ExternalServiceError, AttributeError) as error:
                errors.append(f"{error} {error!r} {error.__cause__!r}")

    logged = caplog.text + " ".join(errors)
    kept = [*opened.subject.secrets.values(), *map(str, opened.context.tokens.load().values())]
    assert [value for value in kept if len(value) > 8 and value in logged] == []
    assert errors


@pytest.mark.parametrize("name", WITH_QUOTAS)
def test_quotas_prevent_rate_limit_answers(connect, name):
    """Its counters are in the database: all workers share them, and restarts keep them."""
    supplier = Supplier.objects.create(
        code=name, name=name, adapter=SUBJECTS[name].connector, currency="EUR"
    )
    budget = DatabaseQuotaCounter(Connection.objects.create(supplier=supplier).pk)
    subject = SUBJECTS[name]
    words = {"quotas": budget, "options": {**subject.options, **subject.strict_options}}
    refused = []

    for run in range(READS_PER_HOUR):
        opened = connect(name, is_strict=True, is_reset=run == 0, **words)
        try:
            READS[Capability.CATALOG](opened)
        except QuotaExceededError as error:
            refused.append(error)
        opened.connector.close()
        assert 429 not in {status for _, status in opened.context.gate.left}

    assert refused
    assert all(error.until > timezone.now() for error in refused)
    rows = CallQuota.objects.values_list("name", "used", "total")
    assert all(used <= total for _, used, total in rows)
    assert {row for row, *_ in rows} <= {quota.name for quota in connector_of(name).QUOTAS}


@pytest.mark.parametrize(("name", "kind"), connector_faults())
def test_close_after_a_failure_cleans_up(connect, name, kind):
    opened = connect(name)
    for path in opened.subject.paths[Capability.CATALOG]:
        opened.fault(path, kind, count=0)
    with suppress(ExternalServiceError):
        READS[Capability.CATALOG](opened)

    opened.connector.close()
    opened.connector.close()

    assert not list(opened.context.folder.glob("work-*"))
