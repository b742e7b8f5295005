"""Order lifecycle: all invariants hold after any sequence of actions.

A Hypothesis state machine acts as customers, staff, gateway and suppliers through the shop's own
functions, and checks invariants after every step. The shop must reject an action that the state
does not allow, and change nothing.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.models import Channel, Listing
from orders import ledger
from orders.cancellation import cancellation
from orders.cart import carts
from orders.checkout import checkout
from orders.gateways import gateway_for
from orders.models import Order, Payment, PurchaseOrder, ReturnAuthorization
from orders.payments import captures, refunds, sessions, updates
from orders.purchasing import acknowledgements, reassignment, submission, submission_lookup
from orders.purchasing.holds import holds
from shipping.rerouting import customer_choice
from shipping.shipments import shipments
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.connectors.records import (
    Acknowledgement,
    OutOfStockError,
    PurchaseOrderReport,
    RejectedLine,
    RejectionReason,
)
from suppliers.models import StockLevel
from tests.factories.orders import HOME, make_cart, make_payment_update, make_sellable, quote_for
from tests.factories.scripted_supplier import ScriptedSupplier, connect_without_holds, no_answer
from tests.factories.shipping import make_shipment_notice
from tests.factories.suppliers import NOON, make_location
from tests.support.stateful.backorders import BackorderRules
from tests.support.stateful.invariants import PERIODIC_INVARIANTS, UNITS, steps
from tests.support.stateful.returns import ReturnRules

pytestmark = pytest.mark.django_db

# Errors of actions that are not possible in a state.
REFUSALS = (
    InvalidTransitionError,
    ConcurrentUpdateError,
    ExternalServiceError,
    checkout.UnavailableError,
    checkout.EmptyCartError,
    checkout.AlreadyPlacedError,
    checkout.QuoteOutdatedError,
    submission.NotSubmittableError,
    carts.NotEnoughError,
    carts.NotForSaleError,
    cancellation.TooLateError,
    customer_choice.ChoiceUnavailableError,
    reassignment.NotReassignableError,
    refunds.RefundTooLargeError,
    refunds.NothingToRefundError,
)
WHICH = st.integers(0, 30)
SOME = st.sampled_from([0, 1, 2, 3, 5, 7])  # 5 and 7 exceed every stock level
ANSWERS = st.sampled_from(["yes", "none_left", "lost", "lost_and_done", "down"])


class OrderLifecycle(BackorderRules, ReturnRules):
    """A shop with two locations; Hypothesis draws the answers of its supplier."""

    supplier: ScriptedSupplier

    @initialize()
    def open_the_shop(self):
        self.test_transaction = transaction.atomic()
        self.test_transaction._from_testcase = True  # durable transactions can nest in it
        self.test_transaction.__enter__()
        self.now, self.shoppers, self.refunds = NOON, 0, 0
        self.supplier.__init__()
        far = make_location(code="CN", country="CN")
        self.lights = [make_sellable(quantity=UNITS, price=price) for price in ("30.00", "45.50")]
        StockLevel.objects.filter(pk=self.lights[1].level.pk).update(location=far)
        self.stock_other_locations(self.lights)
        # Quantities above one stock level are split over two locations.
        Channel.objects.update(max_split_locations=2)
        Listing.objects.update(available=2 * UNITS)
        for light in self.lights:
            light.channel.refresh_from_db()

    def teardown(self):
        if hasattr(self, "test_transaction"):
            for status in PurchaseOrder.objects.values_list("submission_status", flat=True):
                event(f"a purchase order ended {status}")
            for status in ReturnAuthorization.objects.values_list("status", flat=True):
                event(f"a return ended {status}")
            transaction.set_rollback(True)
            self.test_transaction.__exit__(None, None, None)

    # customers

    @rule(one=SOME, other=st.integers(0, 3))
    def order(self, one, other):
        cart = make_cart(channel=self.lights[0].channel, now=self.now)
        with suppress(*REFUSALS):
            for light, quantity in zip(self.lights, (one, other), strict=True):
                if quantity:
                    carts.add(cart=cart, listing_id=light.pk, quantity=quantity, now=self.now)
            self.shoppers += 1
            quote = quote_for(cart, now=self.now)
            placed = checkout.place(
                cart=cart,
                email=f"{self.shoppers}@example.org",
                ship_to=HOME,
                quote=quote,
                now=self.now,
            )
            if placed.order.lines.count() > sum(map(bool, (one, other))):
                event("a line was split")
            sessions.open_session(order=placed.order, return_url="http://127.0.0.1/", now=self.now)

    @rule(which=WHICH, kind=st.sampled_from(["authorized", "failed"]), times=st.integers(1, 2))
    def pay(self, which, kind, times):
        if payment := self.pick(Payment.objects.exclude(reference=""), which):
            update = make_payment_update(payment, kind, at=self.now)
            if kind == "authorized":
                update = gateway_for("fake").authorize(payment.reference)
            for _ in range(times):
                updates.apply(update=update, gateway="fake", now=self.now)

    @rule(one=SOME, other=st.integers(1, 2), which=WHICH, answer=ANSWERS)
    def buy(self, one, other, which, answer):
        """Create a paid order with purchase orders, and submit one of them."""
        known = Order.objects.count()
        self.order(one, other)
        if Order.objects.count() > known:
            order = Order.objects.latest("pk")
            gateway_for("fake").authorize(order.payments.get().reference)
            updates.refresh(payment=order.payments.get(), now=self.now)
            submission.create_purchase_orders(order=order, now=self.now)
            self.submit_purchase_order(which, answer)

    @rule(which=WHICH)
    def cancel_order(self, which):
        if order := self.pick(Order.objects.all(), which):
            with suppress(*REFUSALS):
                cancellation.cancel(order=order, reason="no", actor="customer", now=self.now)

    @rule(minutes=st.sampled_from([5, 25]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        for order in Order.objects.filter(status="pending_payment", payment_due_at__lte=self.now):
            checkout.expire(order=order, now=self.now)

    # workers

    @rule(which=WHICH)
    def create_purchase_orders(self, which):
        if order := self.pick(Order.objects.filter(status="placed"), which):
            submission.create_purchase_orders(order=order, now=self.now)

    @rule(which=WHICH, answer=ANSWERS)
    def submit_purchase_order(self, which, answer):
        self.supplier.script = {
            "yes": [],
            "none_left": [OutOfStockError("none left")],
            "lost": [no_answer(effect=False)],
            "lost_and_done": [no_answer(effect=True)],
            "down": [PermanentError("no such address")],
        }[answer]
        unsent = self.purchases().filter(submission_status__in=PurchaseOrder.UNSUBMITTED_STATES)
        if purchase_order := self.pick(unsent, which):
            with suppress(*REFUSALS):
                submission.submit(purchase_order=purchase_order, now=self.now)
        self.supplier.script = []

    @rule(which=WHICH)
    def look_up_submission(self, which):
        unknown = self.purchases().filter(submission_status="submit_unknown")
        if purchase_order := self.pick(unknown, which):
            with suppress(*REFUSALS):
                submission_lookup.resolve(
                    purchase_order=purchase_order, now=self.now + timedelta(minutes=10)
                )

    @rule(which=WHICH, can_stop=st.sampled_from([True, False, None]))
    def request_cancellation(self, which, can_stop):
        wanted = self.purchases().filter(cancel_requested_at__isnull=False)
        self.supplier.can_stop = can_stop
        if purchase_order := self.pick(wanted, which):
            with suppress(*REFUSALS):
                cancellation.process_request(purchase_order=purchase_order, now=self.now)

    @rule(which=WHICH)
    def settle(self, which):
        if payment := self.pick(Payment.objects.exclude(reference=""), which):
            for _ in range(20):
                payment.refresh_from_db()
                if captures.next_operation(payment, now=self.now) is None:
                    return
                captures.execute(payment=payment, now=self.now)
            raise AssertionError("requests remain after 20 runs")

    # suppliers

    @rule(
        which=WHICH,
        answer=st.sampled_from(["received", "accepted", "rejected", "canceled", "shipped"]),
        refuses=st.booleans(),
        ships=st.integers(0, 2),
        is_late=st.booleans(),
    )
    def answer(self, which, answer, refuses, ships, is_late):
        submitted = self.purchases().exclude(submission_status__in=["unsubmitted", "submit_failed"])
        if (purchase_order := self.pick(submitted, which)) is None:
            return
        lines = purchase_order.lines.filter(is_active=True).order_by("pk")
        refused = [
            RejectedLine(
                reference=str(line.order_line_id), code=RejectionReason.OUT_OF_STOCK, ships=ships
            )
            for line in lines[: int(refuses)]
        ]
        state = PurchaseOrderReport(
            number=purchase_order.number,
            supplier_reference=f"S-{purchase_order.number}",
            answer=Acknowledgement(answer),
            refused=tuple(refused) if answer == "accepted" else (),
            parcels=(make_shipment_notice(number=f"LX{purchase_order.pk:09}DE"),)
            if answer == "shipped"
            else (),
            ships_by=(NOON + timedelta(days=20)).date() if is_late else None,
        )
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=self.now)
        with suppress(shipments.NotShippableError):
            shipments.import_parcels(purchase_order=purchase_order, state=state, now=self.now)

    # staff

    @rule(which=WHICH, percent=st.integers(1, 100))
    def refund(self, which, percent):
        if payment := self.pick(Payment.objects.filter(captured_amount__gt=0), which):
            left = ledger.refundable_amount(payment)
            amount = Money(left.amount * percent / 100, left.currency).rounded()
            self.refunds += 1
            if amount:
                with suppress(*REFUSALS):
                    refunds.refund(
                        order=payment.order,
                        amount=amount,
                        reason="sorry",
                        actor="ann",
                        now=self.now,
                        key=f"r{self.refunds}",
                    )

    @rule()
    def check_all_invariants(self):
        self.assert_invariants(PERIODIC_INVARIANTS)

    @precondition(lambda _: Order.objects.filter(status="on_hold").exists())
    @rule(which=WHICH)
    def release_order(self, which):
        if order := self.pick(Order.objects.filter(status="on_hold"), which):
            holds.release_order(order=order, reason="looked", actor="ann", now=self.now)


@pytest.mark.parametrize("examples", [6, pytest.param(60, marks=pytest.mark.full)])
def test_invariants_hold_for_any_sequence_of_actions(monkeypatch, examples):
    # Hold rules and live checks are not tested here.
    monkeypatch.setattr("suppliers.sync.live_check.unsellable_levels", lambda **_: set())
    OrderLifecycle.supplier = connect_without_holds(monkeypatch)

    run_state_machine_as_test(OrderLifecycle, settings=steps(examples))
