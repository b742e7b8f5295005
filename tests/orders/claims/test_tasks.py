"""Claim tasks: one task per supplier, in its own bulkhead slot; orders never wait for claims."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from orders.claims import status as claim_status
from orders.claims import tasks
from orders.models import PurchaseOrder
from suppliers.resilience.bulkheads import BulkheadKind, slot_count
from tests.factories.bulkheads import elsewhere
from tests.factories.claims import make_claim, make_shipped, tell, whole_claim
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db


def make_claims(count, *, code="lumen"):
    """Create claims against one supplier."""
    against = make_supplier(code=code)
    claims = [make_claim(make_shipped(reference="")) for _ in range(count)]
    for claim in claims:
        PurchaseOrder.objects.filter(pk=claim.purchase_order_id).update(
            supplier=against, supplier_reference=f"S-{claim.number}"
        )
    return [whole_claim(claim) for claim in claims]


def statuses(claims):
    return [whole_claim(claim).status for claim in claims]


def test_each_supplier_has_one_turn_for_all_its_claims(supplier, monkeypatch):
    many = make_claims(3)
    (one,) = make_claims(1, code="glow")
    turns = []
    monkeypatch.setattr(tasks.process_claims, "delay", lambda **known: turns.append(known))

    tasks.sweep_claims()

    supplier_ids = {many[0].purchase_order.supplier_id, one.purchase_order.supplier_id}
    assert sorted(turn["supplier_id"] for turn in turns) == sorted(supplier_ids)


def test_a_turn_processes_one_supplier_only(supplier):
    mine, others = make_claims(2), make_claims(1, code="glow")

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    assert statuses(mine) == ["requested"] * 2
    assert statuses(others) == ["draft"]


def test_a_supplier_that_does_not_answer_ends_its_turn(supplier):
    mine = make_claims(3)
    supplier.script = [no_answer(effect=False)]

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    assert statuses(mine) == ["submit_unknown", "draft", "draft"]


def test_all_claims_of_dead_workers_are_found_in_one_turn(supplier):
    mine = make_claims(3)
    for claim in mine[:2]:
        claim.move("submitting", at=NOON - timedelta(hours=1), attempts=1)

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    assert statuses(mine) == ["submit_unknown", "submit_unknown", "requested"]


def test_an_unexpected_error_does_not_block_other_claims(supplier, monkeypatch):
    mine = [tell(claim) for claim in make_claims(2)]
    ask = claim_status.look_up

    def look_up(*, claim, now):
        if claim == mine[0]:
            raise KeyError("a bug of ours")
        return ask(claim=claim, now=now)

    monkeypatch.setattr(tasks, "STEPS", [(find, look_up) for find, _speak in tasks.STEPS])

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    before, after = (whole_claim(claim).polled_at for claim in mine)
    assert before < after


def test_claims_and_orders_use_separate_lanes(supplier):
    (claim,) = make_claims(1)
    supplier_id = claim.purchase_order.supplier_id

    with elsewhere(BulkheadKind.CLAIMS, supplier_id) as is_free:
        assert is_free
        tasks.submit_claim(claim_id=claim.pk)
        assert statuses([claim]) == ["draft"]
        with elsewhere(BulkheadKind.ORDERS, supplier_id) as has_room:
            assert has_room

    with ExitStack() as stack:
        for _ in range(slot_count(BulkheadKind.ORDERS)):
            stack.enter_context(elsewhere(BulkheadKind.ORDERS, supplier_id))
        tasks.submit_claim(claim_id=claim.pk)
    assert statuses([claim]) == ["requested"]
