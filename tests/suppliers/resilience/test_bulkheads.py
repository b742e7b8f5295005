import pytest
from django.db import connection

from storefront.lib.db.advisory_locks import try_lock
from suppliers.resilience.bulkheads import (
    BulkheadKind,
    LockedElsewhereError,
    bulkhead,
    exclusive_lock,
    is_locked_elsewhere,
    slot_count,
)
from tests.factories.bulkheads import elsewhere
from tests.support.concurrency import held_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_supplier_has_its_own_slots():
    with elsewhere(BulkheadKind.SYNCS, 7) as first, elsewhere(BulkheadKind.SYNCS, 7) as second:
        with elsewhere(BulkheadKind.SYNCS, 7) as third, elsewhere(BulkheadKind.SYNCS, 8) as other:
            assert (first, second, third, other) == (True, True, False, True)
        with elsewhere(BulkheadKind.ORDERS, 7) as order:
            assert order

    with elsewhere(BulkheadKind.SYNCS, 7) as again:
        assert again


def test_events_and_claims_have_half_the_slots_at_least_one(settings):
    found = []
    for many in (1, 2, 4):
        settings.BULKHEAD_SLOTS_PER_SUPPLIER = many
        found.append([slot_count(work) for work in BulkheadKind])

    assert found == [[1, 1, 1, 1, 1], [2, 2, 1, 1, 2], [4, 4, 2, 2, 4]]


def test_the_slot_of_a_dead_worker_is_released(settings):
    settings.BULKHEAD_SLOTS_PER_SUPPLIER = 1
    assert try_lock("syncs 7 0")
    with elsewhere(BulkheadKind.SYNCS, 7) as while_it_lives:
        assert not while_it_lives

    connection.close()  # as the database sees a killed worker

    with elsewhere(BulkheadKind.SYNCS, 7) as afterwards:
        assert afterwards


def test_failed_work_releases_its_slot(settings):
    settings.BULKHEAD_SLOTS_PER_SUPPLIER = 1

    with pytest.raises(ValueError, match="broken"), bulkhead(BulkheadKind.ORDERS, 7):
        raise ValueError("broken")

    with elsewhere(BulkheadKind.ORDERS, 7) as afterwards:
        assert afterwards


def test_a_subject_is_exclusive_to_one_worker():
    with held_elsewhere(exclusive_lock("purchase order 7")):
        with pytest.raises(LockedElsewhereError), exclusive_lock("purchase order 7"):
            pass
        assert is_locked_elsewhere("purchase order 7")
        assert not is_locked_elsewhere("purchase order 8")

    assert not is_locked_elsewhere("purchase order 7")
