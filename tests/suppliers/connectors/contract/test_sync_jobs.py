"""Sync jobs and health check of each connector, set up as by an operator."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from notifications.models import Event
from suppliers.connections import factory, health_check, setup
from suppliers.connections.setup import ConnectionInput, SupplierInput
from suppliers.models import (
    Connection,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from suppliers.resilience import circuit_breaker
from suppliers.sync.runner import run_sync
from tests.suppliers.connectors.contract.cases import TESTED_CONNECTORS, connector_faults, daily_if
from tests.suppliers.connectors.contract.conftest import UnlimitedBudget, with_short_timeouts
from tests.suppliers.connectors.contract.subjects import SUBJECTS
from tests.suppliers.sync.test_products import versions

pytestmark = pytest.mark.django_db
TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
KINDS = SyncRun.Kind.values
# Daily without SFTP: after the fetch, its file is processed like any other.
EACH = [pytest.param(name, marks=daily_if(name != "feed-sftp")) for name in TESTED_CONNECTORS]
DAILY = {("cj", "products"), ("feed", "stock")}  # a paged and a bulk job
Status = SyncRun.Status


@pytest.fixture
def add_supplier(shop, sandboxes, settings, monkeypatch):
    """Return a function that adds a supplier as an operator does, with short timeouts."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    slow = factory.build_context

    monkeypatch.setattr(
        factory, "build_context", lambda *args, **words: with_short_timeouts(slow(*args, **words))
    )
    # In a test inside one transaction, threads cannot write to the database.
    monkeypatch.setattr(factory, "DatabaseQuotaCounter", lambda _: UnlimitedBudget())

    def add(name):
        subject = SUBJECTS[name]
        sandbox, *_ = sandboxes(name)
        sandbox.reset()
        supplier_input = SupplierInput(
            connector=subject.connector,
            currency=subject.currency,
            connection={"calls_per_second": 1000},
            connection_input=ConnectionInput(
                base_url=subject.address(sandbox), secrets=subject.secrets, options=subject.options
            ),
        )
        supplier, _ = setup.save_supplier(
            code=f"own-{name}", supplier_input=supplier_input, now=timezone.now()
        )
        return supplier, sandbox

    return add


def sync(supplier, kind):
    return run_sync(supplier=supplier, kind=kind, now=timezone.now())


def supplier_orders(sandbox, name):
    """Return the supplier's orders: from its sandbox, its server, or our e-mails to it."""
    mailed = Event.objects.filter(name=factory.EMAIL_EVENT)
    letters = {event.key: ("", event.payload) for event in mailed}
    context = SimpleNamespace(mailer=SimpleNamespace(letters=letters))
    return SUBJECTS[name].orders(SimpleNamespace(sandbox=sandbox, context=context))


@pytest.mark.parametrize("name", EACH)
def test_sync_imports_or_reports_every_sku_and_writes_nothing_twice(add_supplier, name):
    supplier, sandbox = add_supplier(name)

    runs = [sync(supplier, kind) for kind in KINDS]

    assert [(run.status, run.problem) for run in runs] == [(Status.APPLIED, "")] * 3
    imported = set(SupplierOffer.objects.values_list("supplier_sku", flat=True))
    reported = set(SyncIssue.objects.values_list("row", flat=True))
    known_items = SUBJECTS[name].goods(sandbox)
    assert {
        sku
        for sku, external_id in known_items.items()
        if not {sku, external_id} & (imported | reported)
    } == set()
    assert imported <= known_items.keys()
    assert StockLevel.objects.filter(reported_quantity__gt=0).exists()
    assert not Listing.objects.filter(available__gt=0).exists()  # the supplier is a candidate
    before = versions(*TABLES)

    runs = [sync(supplier, kind) for kind in KINDS]

    assert [(run.status, run.created, run.updated, run.gone) for run in runs] == [
        (Status.APPLIED, 0, 0, 0)
    ] * 3
    assert versions(*TABLES) == before
    assert supplier_orders(sandbox, name) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=daily_if((name, kind) in DAILY))
        for name in TESTED_CONNECTORS
        for kind in KINDS
    ],
)
def test_fault_changes_no_stored_data(add_supplier, name, kind):
    supplier, sandbox = add_supplier(name)
    for each in KINDS:
        sync(supplier, each)
    before = versions(*TABLES)
    ends = {}

    for fault in SUBJECTS[name].faults:
        # Forget the cached lists, so that they are fetched again.
        Connection.objects.update(connector_state={})
        sandbox.fault(SUBJECTS[name].lists[kind], fault, count=0, delay=1.5)
        run = sync(supplier, kind)
        ends[fault] = (run.status, bool(run.problem))
        assert (fault, versions(*TABLES)) == (fault, before)
        sandbox.control("faults/clear", {})
        circuit_breaker.close(connection_id=supplier.connection.pk)

    refused = {(Status.FAILED, True), (Status.QUARANTINED, True)}
    # If one of several lists is empty, it may be accepted as empty.
    assert {fault for fault, end in ends.items() if end not in refused} <= {"empty"}
    assert sync(supplier, kind).status == Status.APPLIED


@pytest.mark.parametrize("name", EACH)
def test_health_check_succeeds_and_orders_nothing(add_supplier, name):
    supplier, sandbox = add_supplier(name)

    trial = health_check.run(supplier=supplier, now=timezone.now())

    assert {step.name: step.message for step in trial.steps if step.outcome == "bad"} == {}
    assert trial.is_ready
    assert set(trial.capabilities) >= {"catalog", "stock and price"}
    assert not SupplierProduct.objects.exists()
    assert supplier_orders(sandbox, name) == []
    assert sync(supplier, "products").created > 0


@pytest.mark.parametrize(("name", "fault"), connector_faults())
def test_failed_health_check_gives_advice(add_supplier, name, fault):
    supplier, sandbox = add_supplier(name)
    sandbox.fault(SUBJECTS[name].lists["products"], fault, count=0, delay=1.5)

    trial = health_check.run(supplier=supplier, now=timezone.now())

    bad = [step for step in trial.steps if step.outcome == "bad"]
    assert all(step.message and step.advice for step in bad)
    assert bad or fault == "truncated"  # the first row of a file that was cut off is good
    assert supplier_orders(sandbox, name) == []
    sandbox.control("faults/clear", {})
