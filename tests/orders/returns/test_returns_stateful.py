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
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_parcel_news, make_service, make_state
from tests.factories.suppliers import NOON
from tests.support.stateful.invariants import NOW_AND_THEN, UNITS, steps
from tests.support.stateful.returns import FEW, WHICH, GivingBack

pytestmark = pytest.mark.django_db
LAST = -1  # index of the newest


class Returns(GivingBack):
    """One paid order of two lines with two units each, shipped or delivered."""

    supplier: ScriptedSupplier

    @initialize(answer=st.sampled_from(["shipped", "delivered"]))
    def sell(self, answer):
        self.world = transaction.atomic()
        self.world._from_testcase = True  # durable transactions may nest in it
        self.world.__enter__()
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
        news = make_parcel_news("CJPKR0000000001YQ")
        for word in ("shipped", answer):
            state = make_state(sent, word, news, reference=sent.supplier_reference)
            shipments.import_parcels(purchase_order=sent, state=state, now=NOON)

    def teardown(self):
        if hasattr(self, "world"):
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    @rule(which=st.integers(0, 9))
    def give_up_a_replacement(self, which):
        if order := self.pick(Order.objects.filter(replaces__isnull=False), which):
            try:
                cancellation.cancel(order=order, reason="no", actor="ann", now=self.now)
            except cancellation.TooLateError:
                return

    @rule(which=WHICH)
    def send_a_replacement(self, which):
        """Ship and deliver it."""
        if order := self.pick(Order.objects.filter(status="placed"), which):
            for made in submission.create_purchase_orders(order=order, now=self.now):
                fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
                submission.submit(purchase_order=fresh.get(pk=made.pk), now=self.now)
            self.arrive(LAST)

    @rule(which=WHICH, units=FEW, times=st.integers(1, 3), word=st.sampled_from(["refund", "keep"]))
    def return_replacements_repeatedly(self, which, units, times, word):
        """Return a replacement repeatedly: random steps rarely get there."""
        for _ in range(times):
            self.come_far(which, "defect", units, "replace")
            which = LAST
            self.send_a_replacement(which)
        self.come_far(which, "defect", units, word)

    @rule()
    def look_at_everything(self):
        self.insist(NOW_AND_THEN)


@pytest.mark.parametrize("examples", [4, pytest.param(30, marks=pytest.mark.full)])
def test_returns_in_any_order_keep_the_invariants(monkeypatch, examples):
    monkeypatch.setattr(submission, "evaluate_purchase_order", lambda **_: [])
    monkeypatch.setattr("suppliers.sync.live_check.unsellable_levels", lambda **_: set())
    Returns.supplier = connect(monkeypatch, ScriptedSupplier())

    run_state_machine_as_test(Returns, settings=steps(examples))
