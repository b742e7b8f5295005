"""Stateful test rules: actions of customers, staff and suppliers about returns."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from catalog.models import Variant
from orders.models import (
    Order,
    OrderLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnPolicy,
    SupplierReturn,
)
from orders.returns import (
    authorizations,
    inspection,
    refund_amounts,
    refunds,
    requests,
    supplier_returns,
)
from orders.returns.eligibility import CannotReturnError
from orders.returns.inspection import InspectedLine
from orders.returns.requests import ReturnRequest
from orders.returns.supplier_returns import SupplierReturnError
from shipping.rerouting import exchanges
from shipping.shipments import shipments
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.connectors.records import Acknowledgement
from tests.factories.returns import make_policy
from tests.factories.shipping import make_shipment_notice, make_state
from tests.support.stateful.invariants import InvariantChecks

REFUSED = (CannotReturnError, SupplierReturnError, InvalidTransitionError, ConcurrentUpdateError)
WHICH = st.integers(0, 30)
KINDS = st.sampled_from(ReturnAuthorization.Kind)
STATES = st.sampled_from(ReturnAuthorization.Condition)
FEW = st.sampled_from([1, 0, 2, 1, 3, -1])
CENTS = st.decimals(0, 99, places=2)


class ReturnRules(InvariantChecks):
    """Return actions in any order; the shop refuses those that a return's state does not allow."""

    @rule(which=WHICH)
    def arrive(self, which):
        left = PurchaseOrder.objects.filter(status__in=["in_progress", "shipped"])
        if (purchase_order := self.pick(left.exclude(accepted_at=None), which)) is None:
            return
        news = make_shipment_notice(number=f"LX{purchase_order.pk:09}DE")
        state = make_state(
            purchase_order, Acknowledgement.DELIVERED, news, reference=f"S-{purchase_order.number}"
        )
        with suppress(shipments.NotShippableError):
            shipments.import_parcels(purchase_order=purchase_order, state=state, now=self.now)

    @rule(which=WHICH, kind=KINDS, one=FEW, other=FEW, key=st.integers(0, 5), asks=st.booleans())
    def request_return(self, which, kind, one, other, key, asks):  # noqa: PLR0917 - one form
        if (order := self.pick(Order.objects.filter(lines__shipped_quantity__gt=0), which)) is None:
            return
        lines = order.lines.order_by("pk").values_list("pk", flat=True)
        units = dict(zip(lines, (one, other), strict=False))
        wanted = self.choose_variants(order.lines.all(), which) if asks else {}
        said = ReturnRequest(key=f"{order.pk}-{key}", kind=kind, units=units, wanted=wanted)
        with suppress(*REFUSED):
            requests.submit(order=order, request=said, actor="customer", now=self.now)

    @rule(
        which=WHICH,
        kind=KINDS,
        units=st.integers(1, 2),
        word=st.sampled_from(
            ["refund", "keep", "replace", "swap", "swap", "cancel", "refuse", "reject"]
        ),
    )
    def process_return(self, which, kind, units, word):
        """Return a delivered line and process the return until it ends as ``word`` says."""
        self.arrive(which)
        there = OrderLine.objects.filter(shipped_quantity__gt=0)
        if (line := self.pick(there, which)) is None:
            return
        before = ReturnAuthorization.objects.count()
        wanted = self.choose_variants([line], which) if word == "swap" else {}
        said = ReturnRequest(key=f"far-{before}", kind=kind, units={line.pk: units}, wanted=wanted)
        with suppress(*REFUSED):
            (made,) = requests.submit(
                order=line.order, request=said, actor="customer", now=self.now
            )
            by_staff = {"authorization": made, "actor": "ann", "now": self.now}
            if word in {"keep", "cancel"}:
                {"keep": refunds.refund_without_return, "cancel": authorizations.cancel}[word](
                    **by_staff
                )
                return
            if made.status == "requested":
                if word == "reject":
                    authorizations.reject(answer="no", **by_staff)
                    return
                authorizations.approve(answer="", **by_staff)
            self._receive(made, units)
            self._inspect(made, units, ReturnAuthorization.Condition.AS_NEW, Decimal(0))
            if word == "refuse":
                refunds.reject_received(answer="no", **by_staff)
            else:
                verb = refunds.refund if word == "refund" else exchanges.create_replacement
                verb(**by_staff)

    @rule(
        which=WHICH,
        word=st.sampled_from(
            ["approve", "reject", "ask", "label", "sent", "lose", "cancel", "refuse", "expire"]
        ),
    )
    def answer_return(self, which, word):
        if (made := self.pick(ReturnAuthorization.objects.all(), which)) is None:
            return
        self.now += timedelta(minutes=1)
        known = {"authorization": made, "now": self.now}
        by_staff = {**known, "actor": "ann"}
        parcel = {"carrier": "DHL", "tracking_number": "1"}
        acts = {
            "approve": lambda: authorizations.approve(answer="", **by_staff),
            "reject": lambda: authorizations.reject(answer="no", **by_staff),
            "ask": lambda: authorizations.request_evidence(question="why?", **by_staff),
            "label": lambda: authorizations.issue_label(
                address="here", label="", **parcel, **by_staff
            ),
            "sent": lambda: authorizations.mark_shipped(**parcel, **by_staff),
            "lose": lambda: authorizations.mark_lost(reason="lost", **by_staff),
            "cancel": lambda: authorizations.cancel(**by_staff),
            "refuse": lambda: refunds.reject_received(answer="no", **by_staff),
            "expire": lambda: authorizations.expire(
                authorization=made, now=self.now + timedelta(days=40)
            ),
        }
        with suppress(*REFUSED):
            acts[word]()

    @rule(which=WHICH, units=FEW)
    def receive_return(self, which, units):
        if made := self.pick(ReturnAuthorization.objects.all(), which):
            with suppress(*REFUSED):
                self._receive(made, units)

    @rule(which=WHICH, units=FEW, state=STATES, kept=CENTS)
    def inspect_return(self, which, units, state, kept):
        if made := self.pick(ReturnAuthorization.objects.all(), which):
            with suppress(*REFUSED):
                self._inspect(made, units, state, kept)

    @rule(which=WHICH, is_kept=st.booleans())
    def refund_return(self, which, is_kept):
        if made := self.pick(ReturnAuthorization.objects.all(), which):
            verb = refunds.refund_without_return if is_kept else refunds.refund
            with suppress(*REFUSED):
                verb(authorization=made, actor="ann", now=self.now)

    @rule(which=WHICH, swaps=st.booleans(), is_free=st.booleans())
    def replace_return(self, which, swaps, is_free):
        if (made := self.pick(ReturnAuthorization.objects.all(), which)) is None:
            return
        lines = [line.order_line for line in made.lines.all()]
        choice = self.choose_variants(lines, which) if swaps else None
        with suppress(*REFUSED):
            exchanges.create_replacement(
                authorization=made, choice=choice, is_free=is_free, actor="ann", now=self.now
            )

    @rule(which=WHICH, kind=st.sampled_from(["withdrawal", "defect"]), units=st.integers(1, 2))
    def exchange_line(self, which, kind, units):
        """Return and exchange a line in one rule: random rules rarely complete an exchange."""
        self.process_return(which, ReturnAuthorization.Kind(kind), units, "swap")

    @staticmethod
    def choose_variants(lines, which):
        """Return another variant of the product of each line that has one, at any price."""
        chosen = {}
        for line in lines:
            others = Variant.objects.filter(product=line.variant.product_id).exclude(
                pk=line.variant_id
            )
            if variants := list(others.order_by("pk").values_list("pk", flat=True)):
                chosen[line.pk] = variants[which % len(variants)]
        return chosen

    @rule(which=WHICH, to=st.sampled_from(SupplierReturn.Status), amount=CENTS)
    def update_supplier_return(self, which, to, amount):
        if not SupplierReturn.objects.exists():
            if not ReturnPolicy.objects.exists():
                make_policy(accepts_returns=True)
            if made := self.pick(ReturnAuthorization.objects.all(), which):
                with suppress(*REFUSED):
                    supplier_returns.open_for_return(authorization=made, actor="ann", now=self.now)
        if (supplier_return := self.pick(SupplierReturn.objects.all(), which)) is None:
            return
        with suppress(*REFUSED):
            if to == "credited":
                money = Money(amount, supplier_return.currency)
                supplier_returns.record_credit(
                    supplier_return=supplier_return,
                    amount=money,
                    reason="r",
                    actor="ann",
                    now=self.now,
                )
            else:
                supplier_returns.record_status(
                    supplier_return=supplier_return, to=to, reason="r", actor="ann", now=self.now
                )

    @invariant()
    def fully_returned_lines_are_fully_refunded(self):
        if not hasattr(self, "test_transaction"):
            return
        for line in OrderLine.objects.filter(returned_quantity__gt=0):
            back = line.return_lines.filter(authorization__status__in=["refunded", "exchanged"])
            shares = [each.paid_amount for each in back]
            assert sum(shares) <= line.customer_charge_amount
            if line.returned_quantity == line.quantity:
                assert sum(shares) == line.customer_charge_amount

    @invariant()
    def unavailable_replacement_is_refunded_at_once(self):
        if not hasattr(self, "test_transaction"):
            return
        for made in ReturnAuthorization.objects.filter(status="refunded").exclude(replacement=None):
            lines = refund_amounts.read_lines(made)
            known = [line.replaced_amount for line in lines]
            refund_amounts.set_replaced_amounts(made, lines)
            assert known == [line.replaced_amount for line in lines]

    def _receive(self, made, units):
        came = {line.pk: units for line in made.lines.all()}
        inspection.receive(authorization=made, units=came, actor="ann", now=self.now)

    def _inspect(self, made, units, state, kept):
        judged = InspectedLine(accepted=units, condition=state, deduction=kept, reason="used")
        results = {line.pk: judged for line in made.lines.all()}
        inspection.inspect(authorization=made, results=results, actor="ann", now=self.now)
