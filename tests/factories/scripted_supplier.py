"""A supplier who answers as the test says, and keeps his own ledger of effects."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal

from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Answer,
    AskInPersonError,
    ClaimAnswer,
    ClaimState,
    DuplicateReferenceError,
    FreightOption,
    MissingAbilityError,
    NotStoppableError,
    PurchaseState,
)


class ScriptedSupplier:
    """``script`` holds what the next calls of ``place`` do: an error, or ``(error, True)``
    when the effect happens before the error. Empty: all goes well.
    """

    usually = Answer.ACCEPTED

    def __init__(self):
        self.script = []
        self.effects = []  # the numbers he made orders of, one entry an effect
        self.answers = {}
        self.routes = ("Standard",)
        self.freight_price = Decimal("3.00")
        self.can_stop = False  # None: no call stops it any more, and a person may
        self.calls = []
        self.claimed = {}  # his claims by our number
        self.opened = 0  # how often the effect happened

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
                raise DuplicateReferenceError("he has it already")
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
            self.decide(claim.number, ClaimAnswer.OPEN)
        if error is not None:
            raise error
        return self.claimed[claim.number]

    def decide(self, number, answer, amount=None):
        self.claimed[number] = ClaimState(
            number=number,
            supplier_claim=f"D-{number}",
            answer=answer,
            amount=Money(Decimal(amount), "EUR") if amount else None,
        )

    def claims(self, *, supplier_reference):
        self.calls.append(("claims", supplier_reference))
        error, _ = self.next_step()
        if error is not None:
            raise error
        return tuple(self.claimed.values())

    def cancel_claim(self, *, supplier_reference, supplier_claim):
        self.calls.append(("cancel_claim", supplier_reference))
        error, happens = self.next_step()
        if happens:
            self.decide(supplier_claim.removeprefix("D-"), ClaimAnswer.CANCELED)
        if error is not None:
            raise error

    def find(self, *, number):
        self.calls.append(("find", number))
        return self.state(number) if number in self.effects else None

    def cancel(self, *, number):
        if self.can_stop is None:
            raise AskInPersonError("ask him in person")
        if not self.can_stop:
            raise NotStoppableError("too late")
        self.answers[number] = Answer.CANCELED
        return self.state(number)

    def state(self, number):
        return PurchaseState(
            number=number,
            supplier_reference=f"S-{number}",
            answer=self.answers.get(number, self.usually),
        )


class WrittenTo(ScriptedSupplier):
    """One whom only people answer for: he has a letter box, or not even that."""

    cancel = None
    usually = Answer.RECEIVED

    def __init__(self):
        super().__init__()
        self.letters = {}
        self.has_box = True

    def plead(self, plea):
        if not self.has_box:
            raise MissingAbilityError("no address", code="no_such_ability")
        self.letters.setdefault(plea.key, plea)


def connect(monkeypatch, supplier):
    """Let the shop reach this supplier where it would open the real one."""

    @contextmanager
    def adapter_for(_row):
        yield supplier

    modules = (
        "purchasing.submission",
        "purchasing.submission_lookup",
        "cancellation.cancellation",
        "claims.submission",
        "claims.status",
    )
    for module in (*modules, "address_changes.supplier_notices"):
        monkeypatch.setattr(f"orders.{module}.adapter_for", adapter_for)
    return supplier


def no_answer(effect):
    """Build a script step: the request left us and nothing came back."""
    return (TemporaryError("no answer", may_have_happened=True), effect)
