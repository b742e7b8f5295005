"""Sync jobs and health check: run through each connector, as an operator added it."""

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
from tests.suppliers.connectors.contract.conftest import UnlimitedBudget, quick
from tests.suppliers.connectors.contract.subjects import SUBJECTS
from tests.suppliers.sync.test_products import versions

pytestmark = pytest.mark.django_db
TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
KINDS = SyncRun.Kind.values
# After the fetch, a file from an SFTP server is like any other.
EACH = [pytest.param(name, marks=daily_if(name != "feed-sftp")) for name in TESTED_CONNECTORS]
DAILY = {("cj", "products"), ("feed", "stock")}  # a paged and a bulk job
Status = SyncRun.Status


@pytest.fixture
def joined(shop, sandboxes, settings, monkeypatch):
    """Return a function that adds a supplier as an operator does, with short timeouts."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    slow = factory.build_context

    monkeypatch.setattr(
        factory, "build_context", lambda *args, **words: quick(slow(*args, **words))
    )
    # In a test inside one transaction, threads cannot write to the database.
    monkeypatch.setattr(factory, "DatabaseQuotaCounter", lambda _: UnlimitedBudget())

    def join(name):
        subject = SUBJECTS[name]
        stage, *_ = sandboxes(name)
        stage.reset()
        wish = SupplierInput(
            connector=subject.connector,
            currency=subject.currency,
            connection={"calls_per_second": 1000},
            connection_input=ConnectionInput(
                base_url=subject.address(stage), secrets=subject.secrets, options=subject.options
            ),
        )
        supplier, _ = setup.save_supplier(
            code=f"own-{name}", supplier_input=wish, now=timezone.now()
        )
        return supplier, stage

    return join


def sync(supplier, kind):
    return run_sync(supplier=supplier, kind=kind, now=timezone.now())


def books(stage, name):
    """Return the supplier's orders: from its sandbox, its server, or our e-mails to it."""
    mailed = Event.objects.filter(name=factory.EMAIL_EVENT)
    letters = {event.key: ("", event.payload) for event in mailed}
    line = SimpleNamespace(mailer=SimpleNamespace(letters=letters))
    return SUBJECTS[name].orders(SimpleNamespace(stage=stage, line=line))


@pytest.mark.parametrize("name", EACH)
def test_sync_imports_or_reports_every_sku_and_writes_nothing_twice(joined, name):
    supplier, stage = joined(name)

    runs = [sync(supplier, kind) for kind in KINDS]

    assert [(run.status, run.problem) for run in runs] == [(Status.APPLIED, "")] * 3
    offered = set(SupplierOffer.objects.values_list("supplier_sku", flat=True))
    complained = set(SyncIssue.objects.values_list("row", flat=True))
    told = SUBJECTS[name].goods(stage)
    assert {
        sku for sku, external_id in told.items() if not {sku, external_id} & (offered | complained)
    } == set()
    assert offered <= told.keys()
    assert StockLevel.objects.filter(reported_quantity__gt=0).exists()
    assert not Listing.objects.filter(available__gt=0).exists()  # the supplier is a candidate
    before = versions(*TABLES)

    runs = [sync(supplier, kind) for kind in KINDS]

    assert [(run.status, run.created, run.updated, run.gone) for run in runs] == [
        (Status.APPLIED, 0, 0, 0)
    ] * 3
    assert versions(*TABLES) == before
    assert books(stage, name) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=daily_if((name, kind) in DAILY))
        for name in TESTED_CONNECTORS
        for kind in KINDS
    ],
)
def test_fault_changes_no_stored_data(joined, name, kind):
    supplier, stage = joined(name)
    for each in KINDS:
        sync(supplier, each)
    before = versions(*TABLES)
    ends = {}

    for fault in SUBJECTS[name].faults:
        # Forget the cached lists, so that they are fetched again.
        Connection.objects.update(connector_state={})
        stage.fault(SUBJECTS[name].lists[kind], fault, count=0, delay=1.5)
        run = sync(supplier, kind)
        ends[fault] = (run.status, bool(run.problem))
        assert (fault, versions(*TABLES)) == (fault, before)
        stage.control("faults/clear", {})
        circuit_breaker.close(connection_id=supplier.connection.pk)

    refused = {(Status.FAILED, True), (Status.QUARANTINED, True)}
    # If one of several lists is empty, it may be accepted as empty.
    assert {fault for fault, end in ends.items() if end not in refused} <= {"empty"}
    assert sync(supplier, kind).status == Status.APPLIED


@pytest.mark.parametrize("name", EACH)
def test_health_check_succeeds_and_orders_nothing(joined, name):
    supplier, stage = joined(name)

    trial = health_check.run(supplier=supplier, now=timezone.now())

    assert {step.name: step.message for step in trial.steps if step.outcome == "bad"} == {}
    assert trial.is_ready
    assert set(trial.capabilities) >= {"catalog", "stock and price"}
    assert not SupplierProduct.objects.exists()
    assert books(stage, name) == []
    assert sync(supplier, "products").created > 0


@pytest.mark.parametrize(("name", "fault"), connector_faults())
def test_failed_health_check_gives_advice(joined, name, fault):
    supplier, stage = joined(name)
    stage.fault(SUBJECTS[name].lists["products"], fault, count=0, delay=1.5)

    trial = health_check.run(supplier=supplier, now=timezone.now())

    bad = [step for step in trial.steps if step.outcome == "bad"]
    assert all(step.message and step.advice for step in bad)
    assert bad or fault == "truncated"  # the first row of a file that was cut off is good
    assert books(stage, name) == []
    stage.control("faults/clear", {})
