"""Stateful test: returns of delivered items in any order keep all invariants."""

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from orders.cancellation import cancellation
from orders.models import Order, PurchaseOrder
from orders.purchasing import submission
from shipping.rates import quotes
from shipping.shipments import shipments
from tests.factories.full_shop import settle
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.returns import make_sibling
from tests.factories.scripted_supplier import ScriptedSupplier, connect_without_holds
from tests.factories.shipping import make_service, make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.support.stateful.invariants import PERIODIC_INVARIANTS, UNITS, steps
from tests.support.stateful.returns import FEW, WHICH, ReturnRules

pytestmark = pytest.mark.django_db
LAST = -1  # index of the newest


class Returns(ReturnRules):
    """One paid order of two lines with two units each, shipped or delivered."""

    supplier: ScriptedSupplier

    @initialize(answer=st.sampled_from(["shipped", "delivered"]))
    def sell(self, answer):
        self.test_transaction = transaction.atomic()
        self.test_transaction._from_testcase = True  # durable transactions can nest in it
        self.test_transaction.__enter__()
        self.now = NOON
        self.supplier.__init__()
        lights = [make_sellable(quantity=UNITS, price=price) for price in ("33.33", "45.50")]
        for price in ("30.01", "33.33", "40.00"):
            make_sibling(lights[0], price, quantity=UNITS)
        make_service(lights[0].level.location, countries=["DE"])
        quotes.clear_cache()
        (bought,) = make_purchase_orders(*lights, quantity=2)
        fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
        sent = submission.submit(purchase_order=fresh.get(pk=bought.pk), now=NOON)
        settle(sent.order)
        parcel = make_shipment_notice("CJPKR0000000001YQ")
        for word in ("shipped", answer):
            state = make_state(sent, word, parcel, reference=sent.supplier_reference)
            shipments.import_parcels(purchase_order=sent, state=state, now=NOON)

    def teardown(self):
        if hasattr(self, "test_transaction"):
            transaction.set_rollback(True)
            self.test_transaction.__exit__(None, None, None)

    @rule(which=st.integers(0, 9))
    def cancel_replacement(self, which):
        if order := self.pick(Order.objects.filter(replaces__isnull=False), which):
            try:
                cancellation.cancel(order=order, reason="no", actor="ann", now=self.now)
            except cancellation.TooLateError:
                return

    @rule(which=WHICH)
    def deliver_replacement(self, which):
        """Submit, ship and deliver a replacement order."""
        if order := self.pick(Order.objects.filter(status="placed"), which):
            for made in submission.create_purchase_orders(order=order, now=self.now):
                fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
                submission.submit(purchase_order=fresh.get(pk=made.pk), now=self.now)
            self.arrive(LAST)

    @rule(which=WHICH, units=FEW, times=st.integers(1, 3), word=st.sampled_from(["refund", "keep"]))
    def return_replacements_repeatedly(self, which, units, times, word):
        """Return replacements of replacements, which random rules rarely reach."""
        for _ in range(times):
            self.process_return(which, "defect", units, "replace")
            which = LAST
            self.deliver_replacement(which)
        self.process_return(which, "defect", units, word)

    @rule()
    def check_all_invariants(self):
        self.assert_invariants(PERIODIC_INVARIANTS)


@pytest.mark.parametrize("examples", [4, pytest.param(30, marks=pytest.mark.full)])
def test_returns_in_any_order_keep_the_invariants(monkeypatch, examples):
    monkeypatch.setattr("suppliers.sync.live_check.unsellable_levels", lambda **_: set())
    Returns.supplier = connect_without_holds(monkeypatch)

    run_state_machine_as_test(Returns, settings=steps(examples))
