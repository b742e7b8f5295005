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

A = Capability
READS_PER_HOUR = 14  # more than any sandbox allows in an hour
WITH_QUOTAS = [name for name in TESTED_CONNECTORS if connector_of(name).QUOTAS]
WITH_SECRETS = [name for name in TESTED_CONNECTORS if SUBJECTS[name].secrets]


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_sign_in_returns_the_account_the_error_of_a_wrong_key_not_the_key(on, name):
    wrong = dict.fromkeys(SUBJECTS[name].secrets, "CJ1@api@swordfish")
    opened = on(name)
    assert isinstance(opened.connector.sign_in(), str)
    line = replace(opened.line, secrets=wrong, tokens=type(opened.line.tokens)())
    connector = connector_of(name)(line)

    with pytest.raises(ExternalServiceError) as refused:
        connector.sign_in()

    connector.close()
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_no_secret_is_in_logs_or_errors(on, name, caplog):
    caplog.set_level(logging.DEBUG)
    opened = on(name)
    said = []
    tries = [opened.connector.sign_in, *(lambda work=work: work(opened) for work in READS.values())]
    unknown = [OrderReference(number=UNKNOWN, supplier_reference="1")]
    tries.append(lambda: list(opened.connector.track(unknown)))
    tries.append(lambda: opened.connector.claims(supplier_reference="1"))
    if A.ORDER_PLACING in can(name):
        tries.append(lambda: opened.connector.place(request(opened)))
    told_by_faults = {"500", "garbage", "truncated", "drop_after"} & {*opened.subject.faults}
    for kind in ("", *sorted(told_by_faults)):
        for paths in opened.subject.paths.values():
            for path in paths if kind else ():
                opened.fault(path, kind, count=1)
        for work in tries:
            try:
                work()
            except (ExternalServiceError, AttributeError) as error:
                said.append(f"{error} {error!r} {error.__cause__!r}")

    told = caplog.text + " ".join(said)
    kept = [*opened.subject.secrets.values(), *map(str, opened.line.tokens.load().values())]
    assert [value for value in kept if len(value) > 8 and value in told] == []
    assert said


@pytest.mark.parametrize("name", WITH_QUOTAS)
def test_quotas_prevent_rate_limit_answers(on, name):
    """The quota is in the database: for all workers, and over a restart."""
    supplier = Supplier.objects.create(
        code=name, name=name, adapter=SUBJECTS[name].connector, currency="EUR"
    )
    budget = DatabaseQuotaCounter(Connection.objects.create(supplier=supplier).pk)
    subject = SUBJECTS[name]
    words = {"quotas": budget, "options": {**subject.options, **subject.strict_options}}
    refused = []

    for walk in range(READS_PER_HOUR):
        opened = on(name, is_strict=True, is_reset=walk == 0, **words)
        try:
            READS[A.CATALOG](opened)
        except QuotaExceededError as error:
            refused.append(error)
        opened.connector.close()
        assert 429 not in {status for _, status in opened.line.gate.left}

    assert refused
    assert all(error.until > timezone.now() for error in refused)
    rows = CallQuota.objects.values_list("name", "used", "total")
    assert all(used <= total for _, used, total in rows)
    assert {row for row, *_ in rows} <= {quota.name for quota in connector_of(name).QUOTAS}


@pytest.mark.parametrize(("name", "kind"), connector_faults())
def test_close_after_a_failure_cleans_up(on, name, kind):
    opened = on(name)
    for path in opened.subject.paths[A.CATALOG]:
        opened.fault(path, kind, count=0)
    with suppress(ExternalServiceError):
        READS[A.CATALOG](opened)

    opened.connector.close()
    opened.connector.close()

    assert not list(opened.line.folder.glob("work-*"))
