"""Stateful test rules: rerouting, backorders, and answers of suppliers without an API."""

from contextlib import suppress

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import rule

from orders.cancellation import supplier_answers
from orders.models import Backorder, PurchaseOrder
from orders.purchasing import reassignment
from shipping.rates import quotes
from shipping.rerouting import customer_choice, rerouting
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.shipping import make_service
from tests.factories.suppliers import make_level, make_location, make_offer, make_supplier
from tests.support.stateful.invariants import UNITS, InvariantChecks

WHICH = st.integers(0, 30)
REFUSALS = (
    InvalidTransitionError,
    ConcurrentUpdateError,
    customer_choice.ChoiceUnavailableError,
    reassignment.NotReassignableError,
    supplier_answers.NoPendingRequestError,
)


class BackorderRules(InvariantChecks):
    """Rules for two products that a second supplier also stocks."""

    def stock_other_locations(self, lights):
        """Stock both at another supplier, which delivers one in 6 days and the other in 20."""
        quotes.clear_cache()
        for light, max_days in zip(lights, (6, 20), strict=True):
            offer = make_offer(light.variant, supplier=make_supplier("other"), cost="12.00")
            place = make_location(offer.supplier, f"PL{max_days}", "PL")
            make_level(offer, UNITS, place)
            make_service(place, min_days=2, max_days=max_days)

    @rule(which=WHICH)
    def reroute(self, which):
        if backorder := self.pick(rerouting.due_backorders(now=self.now), which):
            with suppress(*REFUSALS):
                rerouting.reroute(backorder=backorder, now=self.now)
            backorder.refresh_from_db()
            event(f"a rerouted backorder is {backorder.status}")

    @rule(which=WHICH, choice=st.sampled_from(list(Backorder.Choice)))
    def answer_backorder(self, which, choice):
        asked = Backorder.objects.select_related("order__channel").filter(status="asked")
        if backorder := self.pick(asked, which):
            with suppress(*REFUSALS):
                customer_choice.apply(
                    backorder=backorder, choice=choice, actor="customer", now=self.now
                )

    @rule(which=WHICH)
    def reassign(self, which):
        if purchase_order := self.pick(self.purchases(), which):
            with suppress(*REFUSALS):
                reassignment.reassign(
                    purchase_order=purchase_order, reason="slow", actor="ann", now=self.now
                )

    @rule(
        which=WHICH,
        verb=st.sampled_from([supplier_answers.record_acceptance, supplier_answers.record_refusal]),
    )
    def record_supplier_answer(self, which, verb):
        asked = self.purchases().exclude(cancellation_channel="")
        if purchase_order := self.pick(asked, which):
            with suppress(*REFUSALS):
                verb(purchase_order=purchase_order, actor="ann", now=self.now)
            event(f"after a supplier's answer: {purchase_order.submission_status}")

    @staticmethod
    def purchases():
        return PurchaseOrder.objects.select_related("order", "supplier", "location")
