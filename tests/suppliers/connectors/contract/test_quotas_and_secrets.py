"""How a connector behaves: within his limits, without a word of the keys, and ordering nothing."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace

import pytest
from django.utils import timezone

from storefront.lib.http.errors import OutsideError
from suppliers.connectors.capabilities import Ability
from suppliers.connectors.records import BudgetSpentError, OrderName
from suppliers.models import CallBudget, Connection, Supplier
from suppliers.resilience.quotas import KeptBudget
from tests.suppliers.connectors.contract.cases import (
    CONNECTORS,
    NOBODY,
    READS,
    can,
    request,
    who_can,
)
from tests.suppliers.connectors.contract.subjects import SUBJECTS, connector_of

A = Ability
WALKS = 14  # more than any sandbox here allows in an hour


@pytest.mark.parametrize("name", CONNECTORS)
def test_it_signs_in_and_says_who_we_are(on, name):
    assert isinstance(on(name).connector.sign_in(), str)


@pytest.mark.parametrize("name", [name for name in CONNECTORS if SUBJECTS[name].secrets])
def test_a_wrong_key_is_refused_in_words_without_the_key(on, name):
    wrong = dict.fromkeys(SUBJECTS[name].secrets, "CJ1@api@swordfish")
    opened = on(name)
    line = replace(opened.line, secrets=wrong, tokens=type(opened.line.tokens)())
    connector = connector_of(name)(line)

    with pytest.raises(OutsideError) as refused:
        connector.sign_in()

    connector.close()
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("name", [name for name in CONNECTORS if SUBJECTS[name].secrets])
def test_no_key_stands_in_a_log_or_an_error(on, name, caplog):
    caplog.set_level(logging.DEBUG)
    opened = on(name)
    said = []
    tries = [opened.connector.sign_in, *(lambda work=work: work(opened) for work in READS.values())]
    somebodys = [OrderName(number=NOBODY, supplier_reference="1")]
    tries.append(lambda: list(opened.connector.track(somebodys)))
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
            except (OutsideError, AttributeError) as error:
                said.append(f"{error} {error!r} {error.__cause__!r}")

    told = caplog.text + " ".join(said)
    kept = [*opened.subject.secrets.values(), *map(str, opened.line.tokens.load().values())]
    assert [value for value in kept if len(value) > 8 and value in told] == []
    assert said


@pytest.mark.parametrize("name", CONNECTORS)
def test_he_never_has_to_say_that_we_ask_too_often(on, name):
    """The same budget is kept in the database: for all workers, and over a restart."""
    supplier = Supplier.objects.create(
        code=name, name=name, adapter=SUBJECTS[name].connector, currency="EUR"
    )
    budget = KeptBudget(Connection.objects.create(supplier=supplier).pk)
    subject = SUBJECTS[name]
    words = {"budget": budget, "options": {**subject.options, **subject.strict_options}}
    quotas = connector_of(name).QUOTAS
    refused = []

    for walk in range(WALKS):
        opened = on(name, is_strict=True, begins_afresh=walk == 0, **words)
        try:
            READS[A.CATALOG](opened)
        except BudgetSpentError as error:
            refused.append(error)
        opened.connector.close()
        assert 429 not in {status for _, status in opened.line.gate.left}

    assert bool(refused) == bool(quotas)
    assert all(error.until > timezone.now() for error in refused)
    rows = CallBudget.objects.values_list("name", "used", "total")
    assert all(used <= total for _, used, total in rows)
    assert {row for row, *_ in rows} <= {quota.name for quota in quotas}


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in who_can(A.CATALOG) for kind in SUBJECTS[name].faults],
)
def test_closing_after_a_failure_leaves_nothing_open(on, name, kind):
    opened = on(name)
    for path in opened.subject.paths[A.CATALOG]:
        opened.fault(path, kind, count=0)
    with suppress(OutsideError):
        READS[A.CATALOG](opened)

    opened.connector.close()
    opened.connector.close()

    assert not list(opened.line.folder.glob("work-*"))
