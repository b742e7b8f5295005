"""Unexpected errors: a record that raises one is an issue, the other records are imported."""

from datetime import timedelta
from importlib import import_module

import pytest

from storefront.dev.sandboxes.in_memory_supplier import InMemorySupplier
from suppliers.models import SupplierOffer, SyncIssue, SyncRun
from tests.factories.feeds import NOON, stock_world, sync

LATER = NOON + timedelta(hours=6)


@pytest.fixture(
    params=[
        "catalog.product_import.importer.normalize",
        "catalog.product_import.identifiers.parse_gtin",
    ],
    ids=["while it is normalized", "while it is written"],
)
def fails_for(request, monkeypatch):
    """Raise an unexpected exception for records whose text contains one of these."""
    wrong: list[str] = []
    module, _, name = request.param.rpartition(".")
    original = getattr(import_module(module), name)

    def fail(record, **known):
        if any(text in repr(record) for text in wrong):
            raise TypeError("unexpected")
        return original(record, **known)

    monkeypatch.setattr(request.param, fail)
    return wrong


def test_a_record_with_an_unexpected_error_is_an_issue_and_others_are_imported(
    supplier, world, fails_for, caplog
):
    stock_world(world, 5)
    fails_for[:] = [world.records["P3"].variants[0].sku]

    run = sync(supplier)

    assert run.status == SyncRun.Status.APPLIED
    assert SupplierOffer.objects.sellable().count() == 4
    (issue,) = SyncIssue.objects.filter(resolved_at=None)
    assert (issue.row, issue.code) == ("P3", "record-failed")
    assert "TypeError: unexpected" in issue.message
    assert issue.raw["title"] == world.records["P3"].title
    assert any(record.exc_info for record in caplog.records)

    fails_for.clear()
    sync(supplier, now=LATER)
    assert SupplierOffer.objects.sellable().count() == 5
    assert not SyncIssue.objects.filter(resolved_at=None).exists()


def test_unexpected_errors_of_most_records_stop_the_run(supplier, world, fails_for):
    stock_world(world, 10)
    fails_for[:] = [world.records[f"P{number}"].variants[0].sku for number in range(1, 9)]

    run = sync(supplier)

    assert run.status == SyncRun.Status.QUARANTINED
    assert "8 of 10 products caused an unexpected error" in run.problem


def test_an_answer_with_an_unexpected_error_is_an_issue_and_others_are_imported(
    supplier, world, monkeypatch, caplog
):
    stock_world(world, 5)
    read = InMemorySupplier.product

    def fail(connector, *, external_id):
        if external_id == "P3":
            raise KeyError("unexpected")
        return read(connector, external_id=external_id)

    with monkeypatch.context() as broken:
        broken.setattr(InMemorySupplier, "product", fail)
        run = sync(supplier)

    assert (run.status, run.created) == (SyncRun.Status.APPLIED, 4)
    (issue,) = SyncIssue.objects.filter(resolved_at=None)
    assert (issue.row, "KeyError: 'unexpected'" in issue.message) == ("P3", True)
    assert any(record.exc_info for record in caplog.records)
    sync(supplier, now=LATER)
    assert SupplierOffer.objects.sellable().count() == 5
    assert not SyncIssue.objects.filter(resolved_at=None).exists()
