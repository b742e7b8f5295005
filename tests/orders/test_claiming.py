"""Claims against a supplier: written down once, told once, and believed with care."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from orders import claiming, complaining, following, settling, waiting
from orders.claiming import ClaimStoppedError
from orders.complaining import CannotClaimError
from orders.models import PurchaseMessage, PurchaseOrder, SupplierClaim, SupplierClaimLine
from storefront.lib.failures import PermanentError, TemporaryError
from storefront.lib.money import Money
from storefront.lib.states import LostRaceError
from suppliers.adapters.claiming import ClaimAnswer, Remedy, Trouble
from suppliers.lanes import in_hand
from suppliers.models import Breaker, Connection
from tests.factories.claims import make_claim, make_complaint, make_shipped, tell, whole_claim
from tests.factories.scripted import ScriptedSupplier, connect, no_answer
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=20)


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())


def record(claim, answer, amount=None, **known):
    credited = None if amount is None else Money(Decimal(amount), "EUR")
    words = {"reason": "He wrote so", "actor": "staff", "now": LATER, **known}
    settling.record(claim=claim, answer=SupplierClaim.Status(answer), credited=credited, **words)


def test_our_words_are_the_words_of_connectors():
    assert set(SupplierClaim.Remedy.values) == set(Remedy)
    assert set(SupplierClaim.Trouble.values) == set(Trouble)
    assert set(settling.MEANS) == set(ClaimAnswer)


def test_a_claim_is_worth_what_we_paid_for_its_units():
    claim = make_claim(make_shipped(quantity=3), units=2)

    assert (claim.expected_amount, claim.currency) == (Decimal("20.00"), "EUR")
    assert claim.number.startswith(f"{claim.purchase_order.number}-C")


def test_two_clicks_are_one_claim():
    purchase_order = make_shipped()
    complaint = make_complaint(purchase_order)
    words = {"purchase_order": purchase_order, "complaint": complaint, "actor": "x", "now": NOON}

    assert complaining.complain(**words) == complaining.complain(**words)
    assert SupplierClaim.objects.count() == 1


@pytest.mark.parametrize("units", [0, 3])
def test_no_units_and_more_units_than_bought_are_no_claim(units):
    with pytest.raises(CannotClaimError):
        make_claim(make_shipped(quantity=2), units=units)

    assert not SupplierClaim.objects.exists()


def test_nothing_is_claimed_before_it_left():
    purchase_order = make_shipped()
    purchase_order.status = "in_progress"
    purchase_order.save(update_fields=["status"])

    with pytest.raises(CannotClaimError, match="shipped"):
        make_claim(purchase_order)


@pytest.mark.parametrize(
    ("ended", "may_be_claimed"),
    [("denied", True), ("canceled", True), ("resent", False), ("requested", False)],
)
def test_a_unit_is_claimed_again_only_when_nothing_came_of_it(ended, may_be_claimed):
    purchase_order = make_shipped(quantity=1)
    make_claim(purchase_order).move(ended, at=NOON)

    if may_be_claimed:
        make_claim(purchase_order)
    else:
        with pytest.raises(CannotClaimError, match="0 can still be claimed"):
            make_claim(purchase_order)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_only_one_claims_the_last_unit():
    purchase_order = make_shipped(quantity=1)
    start = threading.Barrier(6)
    outcomes = []

    def complain():
        connection.ensure_connection()
        start.wait()
        try:
            outcomes.append(bool(make_claim(purchase_order)))
        except CannotClaimError:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=complain) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False] * 5 + [True]
    assert SupplierClaim.objects.count() == 1


def test_the_database_knows_how_many_were_ordered():
    line = make_claim().lines.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        SupplierClaimLine.objects.filter(pk=line.pk).update(quantity=line.ordered_quantity + 1)


def test_the_database_believes_too_much_money_only_of_staff():
    claim = make_claim()
    rows = SupplierClaim.objects.filter(pk=claim.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="credited", credited_amount=claim.expected_amount + 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="credited")
    record(claim, "credited", claim.expected_amount + 1)


def test_it_is_told_with_what_he_knows_and_nothing_of_the_shopper(supplier):
    claim = tell(make_claim(units=2, picture_urls=("https://p.example/1.jpg",)))

    assert (claim.status, claim.supplier_claim) == ("requested", f"D-{claim.number}")
    said = PurchaseMessage.objects.get(kind="claim")
    assert said.body["number"] == claim.number
    assert said.body["lines"][0]["quantity"] == 2
    assert "erika" not in str(said.body).lower()
    assert PurchaseMessage.objects.get(kind="claim_requested").direction == "in"


@pytest.mark.parametrize("happened", [True, False])
def test_a_lost_answer_is_looked_up_before_it_is_told_again(supplier, happened):
    supplier.script = [no_answer(happened)]
    claim = tell(make_claim())
    assert claim.status == "submit_unknown"
    with pytest.raises(ClaimStoppedError):
        tell(claim)

    following.look_up(claim=claim, now=LATER)
    assert claim.status == ("requested" if happened else "submit_failed")
    if not happened:
        tell(claim, now=LATER)

    assert whole_claim(claim).status == "requested"
    assert supplier.opened == 1


def test_a_definite_no_effect_is_told_again_later_and_later(supplier):
    claim = make_claim()
    waits = []
    for _ in range(9):
        supplier.script = [TemporaryError("busy")]
        claim = tell(claim)
        waits.append((claim.try_after - NOON) // timedelta(minutes=1))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_he_refuses_waits_for_a_person_and_is_told_again_when_staff_say_so(supplier):
    supplier.script = [PermanentError("no such reason")]
    claim = tell(make_claim())
    assert (claim.status, claim.problem) == ("on_hold", "no such reason")
    assert not waiting.claims_to_be_told(now=LATER).exists()

    claiming.submit_again(claim=claim, actor="staff", now=LATER)

    assert list(waiting.claims_to_be_told(now=LATER)) == [claim]
    assert tell(claim, now=LATER).status == "requested"


def test_an_order_of_which_he_never_told_his_number_is_not_asked_about(supplier):
    claim = tell(make_claim(make_shipped(reference="")))

    assert claim.status == "on_hold"
    assert "his own number" in claim.problem
    assert supplier.calls == []


def test_a_supplier_who_takes_no_claims_from_programs_is_left_to_a_person():
    """This one's connector really has no such ability."""
    assert not complaining.takes_claims(make_supplier())
    assert complaining.takes_claims(make_supplier(code="cj", adapter="cj"))

    claim = tell(make_claim())

    assert claim.status == "on_hold"
    assert "no Claims" in claim.problem


def test_what_a_person_tells_no_program_tells(supplier):
    claim = make_claim(is_by_hand=True)
    assert not waiting.claims_to_be_told(now=LATER).exists()
    with pytest.raises(ClaimStoppedError):
        tell(claim)

    claiming.tell_by_hand(claim=claim, reference="RMA 7", actor="staff", now=NOON)

    assert (claim.status, claim.supplier_claim) == ("requested", "RMA 7")
    assert not waiting.claims_to_be_read(now=LATER).exists()
    with pytest.raises(ClaimStoppedError):
        following.look_up(claim=claim, now=LATER)
    record(claim, "credited", "12.345")
    settled = whole_claim(claim)
    assert (settled.credited_amount, settled.recorded_by) == (Decimal("12.35"), "staff")
    assert supplier.calls == []


@pytest.mark.parametrize(("answer", "amount"), [("credited", None), ("denied", "5.00")])
def test_an_amount_belongs_to_money_and_to_nothing_else(answer, amount):
    with pytest.raises(settling.CannotRecordError):
        record(make_claim(), answer, amount)


def test_an_answer_is_final(supplier):
    claim = tell(make_claim())
    record(claim, "denied")
    supplier.decide(claim.number, ClaimAnswer.REFUNDED, "1.00")

    settling.apply(claim=claim, state=supplier.claimed[claim.number], now=LATER)

    assert whole_claim(claim).status == "denied"


@pytest.mark.parametrize(
    ("answer", "amount", "status", "problem"),
    [
        (ClaimAnswer.REFUNDED, "10.00", "credited", ""),
        (ClaimAnswer.REFUNDED, "10.01", "requested", "more than was claimed"),
        (ClaimAnswer.REFUNDED, None, "requested", "how much"),
        (ClaimAnswer.RESENT, None, "resent", ""),
        (ClaimAnswer.REFUSED, None, "denied", ""),
        (ClaimAnswer.CANCELED, None, "canceled", ""),
        (ClaimAnswer.OPEN, None, "requested", ""),
    ],
)
def test_his_answer_is_taken_over_if_it_can_be_believed(supplier, answer, amount, status, problem):
    claim = tell(make_claim())
    supplier.decide(claim.number, answer, amount)

    following.look_up(claim=claim, now=LATER)

    settled = whole_claim(claim)
    assert settled.status == status
    assert problem in settled.problem
    assert bool(settled.problem) == bool(problem)


def test_money_of_another_currency_waits_for_a_person(supplier):
    claim = make_claim()
    SupplierClaim.objects.update(currency="USD")
    tell(claim)
    supplier.decide(claim.number, ClaimAnswer.REFUNDED, "1.00")

    odd = following.look_up(claim=whole_claim(claim), now=LATER)

    assert odd.status == "requested"
    assert "another currency" in odd.problem


def test_a_claim_that_he_does_not_list_any_more_waits_for_a_person_until_he_does(supplier):
    claim = tell(make_claim())
    kept = supplier.claimed.copy()
    supplier.claimed.clear()
    following.look_up(claim=claim, now=LATER)
    assert whole_claim(claim).problem == "He does not list it any more."

    supplier.claimed.update(kept)
    following.look_up(claim=claim, now=LATER)

    assert (whole_claim(claim).status, whole_claim(claim).problem) == ("requested", "")


def test_nobody_speaks_of_a_claim_while_another_worker_does(supplier):
    """A lock of the session lets the same session in: the other worker is another session."""
    claim = make_claim()
    held, let_go = threading.Event(), threading.Event()

    def another_worker():
        with in_hand(f"claim {claim.pk}"):
            held.set()
            let_go.wait(timeout=10)
        connection.close()

    worker = threading.Thread(target=another_worker)
    worker.start()
    held.wait(timeout=10)
    try:
        with pytest.raises(ClaimStoppedError, match="just now"):
            tell(claim)
    finally:
        let_go.set()
        worker.join()
    assert supplier.calls == []


def test_a_stale_row_is_read_again_before_anything_is_told(supplier):
    stale, fresh = whole_claim(make_claim()), None
    fresh = whole_claim(stale)
    tell(fresh)

    with pytest.raises(ClaimStoppedError):
        claiming.submit(claim=stale, now=NOON)

    assert supplier.opened == 1


def test_a_sender_that_lives_is_given_time(supplier):
    claim = make_claim()
    claim.move("submitting", at=NOON, attempts=1)

    following.look_up(claim=claim, now=NOON + timedelta(seconds=30))
    assert claim.status == "submitting"
    assert not waiting.claims_to_be_found(now=NOON + timedelta(seconds=30)).exists()

    assert list(waiting.claims_to_be_found(now=LATER)) == [claim]
    following.look_up(claim=claim, now=LATER)
    assert claim.status == "submit_failed"


@pytest.mark.parametrize("stage", ["draft", "submit_failed", "on_hold"])
def test_what_he_does_not_have_is_taken_back_without_asking_him(supplier, stage):
    claim = make_claim()
    if stage != "draft":
        error = TemporaryError("busy") if stage == "submit_failed" else PermanentError("no")
        supplier.script = [error]
        tell(claim)
    supplier.calls.clear()

    following.take_back(claim=whole_claim(claim), reason="x", actor="staff", now=LATER)

    assert whole_claim(claim).status == "canceled"
    assert supplier.calls == []


def test_what_he_may_have_is_not_taken_back_before_it_is_looked_up(supplier):
    supplier.script = [no_answer(effect=True)]
    claim = tell(make_claim())

    with pytest.raises(ClaimStoppedError, match="Look it up first"):
        following.take_back(claim=claim, reason="x", actor="staff", now=LATER)


def test_who_does_not_take_it_back_keeps_it_open(supplier):
    claim = tell(make_claim())
    supplier.script = [PermanentError("it is being decided")]

    with pytest.raises(PermanentError, match="being decided"):
        following.take_back(claim=claim, reason="x", actor="staff", now=LATER)

    assert whole_claim(claim).status == "requested"


def test_staff_who_settle_it_first_win_over_a_poll(supplier):
    claim = tell(make_claim())
    stale = whole_claim(claim)
    record(claim, "credited", "3.00")
    supplier.decide(claim.number, ClaimAnswer.REFUSED)

    with pytest.raises(LostRaceError):
        settling.apply(claim=stale, state=supplier.claimed[claim.number], now=LATER)

    assert whole_claim(claim).status == "credited"


def test_claims_wait_while_their_supplier_answers_nobody(supplier):
    claim = make_claim()
    wire, _ = Connection.objects.get_or_create(supplier=claim.purchase_order.supplier)
    Breaker.objects.create(
        connection=wire,
        failures=5,
        opened_at=NOON,
        open_until=LATER + timedelta(seconds=60),
        orders_wait_until=LATER + timedelta(seconds=1),
    )
    finds = (waiting.claims_to_be_told, waiting.claims_to_be_found, waiting.claims_to_be_read)

    for status, find in zip(("draft", "submit_unknown", "requested"), finds, strict=True):
        SupplierClaim.objects.update(status=status)
        assert list(find(now=LATER)) == []
        assert list(find(now=LATER + timedelta(seconds=1))) == [claim]


def test_refused_lines_are_not_claimed():
    purchase_order = make_shipped()
    purchase_order.lines.update(is_live=False)

    with pytest.raises(CannotClaimError):
        make_claim(PurchaseOrder.objects.get())
