"""Scripted supplier: answer as the test says, record the effects."""

from contextlib import contextmanager
from decimal import Decimal

from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Acknowledgement,
    ClaimReport,
    ClaimStatus,
    DuplicateReferenceError,
    FreightOption,
    ManualCancellationError,
    NotCancellableError,
    PurchaseOrderReport,
    UnsupportedCapabilityError,
)


class ScriptedSupplier:
    """``script`` lists the result of the next calls that place an order or concern a claim.

    An error: the call fails without an effect. ``(error, True)``: the supplier creates or changes
    the order or claim, then the call fails. An empty script: each call succeeds.
    """

    usually = Acknowledgement.ACCEPTED

    def __init__(self):
        self.script = []
        self.effects = []  # the number of each order that it created
        self.answers = {}
        self.routes = ("Standard",)
        self.freight_price = Decimal("3.00")
        self.can_stop = False  # None: staff must cancel manually
        self.calls = []
        self.claimed = {}  # its claims by our number
        self.opened = 0  # how many claims it opened

    def freight(self, **_):
        price = Money(self.freight_price, "EUR")
        return tuple(
            FreightOption(name=name, price=price, min_days=5, max_days=9) for name in self.routes
        )

    def place(self, request):
        self.calls.append(("place", request.number))
        error, happens = self.next_step()
        if happens:
            if request.number in self.effects:
                raise DuplicateReferenceError("it already has this number")
            self.effects.append(request.number)
        if error is not None:
            raise error
        return self.state(request.number)

    def next_step(self):
        if not self.script:
            return None, True
        step = self.script.pop(0)
        return step if isinstance(step, tuple) else (step, False)

    def open_claim(self, claim):
        self.calls.append(("open_claim", claim.number))
        error, happens = self.next_step()
        if happens and claim.number not in self.claimed:
            self.opened += 1
            self.decide(claim.number, ClaimStatus.OPEN)
        if error is not None:
            raise error
        return self.claimed[claim.number]

    def decide(self, number, answer, amount=None):
        self.claimed[number] = ClaimReport(
            number=number,
            supplier_claim_reference=f"D-{number}",
            answer=answer,
            amount=Money(Decimal(amount), "EUR") if amount else None,
        )

    def claims(self, *, supplier_reference):
        self.calls.append(("claims", supplier_reference))
        error, _ = self.next_step()
        if error is not None:
            raise error
        return tuple(self.claimed.values())

    def cancel_claim(self, *, supplier_reference, supplier_claim_reference):
        self.calls.append(("cancel_claim", supplier_reference))
        error, happens = self.next_step()
        if happens:
            self.decide(supplier_claim_reference.removeprefix("D-"), ClaimStatus.CANCELED)
        if error is not None:
            raise error

    def find(self, *, number):
        self.calls.append(("find", number))
        return self.state(number) if number in self.effects else None

    def cancel(self, *, number):
        if self.can_stop is None:
            raise ManualCancellationError("ask a person")
        if not self.can_stop:
            raise NotCancellableError("too late")
        self.answers[number] = Acknowledgement.CANCELED
        return self.state(number)

    def state(self, number):
        return PurchaseOrderReport(
            number=number,
            supplier_reference=f"S-{number}",
            answer=self.answers.get(number, self.usually),
        )


class WrittenTo(ScriptedSupplier):
    """A supplier without an API: it gets e-mails, unless ``has_box`` is False."""

    cancel = None
    usually = Acknowledgement.RECEIVED

    def __init__(self):
        super().__init__()
        self.letters = {}
        self.has_box = True

    def send_request(self, manual_request):
        if not self.has_box:
            raise UnsupportedCapabilityError("no address", code="no_such_capability")
        self.letters.setdefault(manual_request.key, manual_request)


def connect(monkeypatch, supplier):
    """Make the shop's code open this supplier instead of a connector."""

    @contextmanager
    def open_connector(_row):
        yield supplier

    modules = (
        "purchasing.submission",
        "purchasing.submission_lookup",
        "cancellation.cancellation",
        "claims.submission",
        "claims.status",
    )
    for module in (*modules, "address_changes.supplier_notices"):
        monkeypatch.setattr(f"orders.{module}.open_connector", open_connector)
    return supplier


def connect_without_holds(monkeypatch, supplier=None):
    """Connect the supplier, and skip the hold rules of purchase orders, such as the margin check."""
    monkeypatch.setattr("orders.purchasing.submission.evaluate_purchase_order", lambda **_: [])
    return connect(monkeypatch, supplier or ScriptedSupplier())


def no_answer(effect):
    """Return a script step: the request was sent, and no answer came."""
    return (TemporaryError("no answer", is_outcome_unknown=True), effect)
