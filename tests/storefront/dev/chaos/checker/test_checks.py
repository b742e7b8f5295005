"""Chaos checks: find each violation, and none in a good run."""

from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.dev.chaos.checker.checks import EVENTS, STORES, check_all
from storefront.dev.chaos.observations.history import (
    CustomerPurchase,
    Evidence,
    GatewayPayment,
    OurMail,
    OurOrder,
    OurPurchase,
    OurTextMessage,
    ReceivedEmail,
    RepeatedOrder,
    ShopState,
    SubmissionAttempt,
    SupplierOrder,
)
from storefront.dev.chaos.plan import PaymentOutcome, PlannedPurchase

NOT_OVERSOLD = "nothing is oversold"
LOST = "no order is lost"
SERVED = "customers get what they buy"
SENT = "each paid order is submitted once"
AGREE = "supplier and shop agree on orders"
MONEY = "payments match orders"
FAULTS = "planned faults happened"
MAILS = "each e-mail arrives once"
TEXTS = "each text message arrives once"
PARCELS = "each failed or late parcel is told and settled once"
IDEMPOTENT = "one key has one effect"
ANSWERED = "a customer's backorder choice is followed"


def charge(**changed):
    usual = {
        "payment": "pay_1",
        "order": "FL-1",
        "status": "captured",
        "amount": 1999,
        "authorized": 1999,
        "captured": 1999,
        "released": 0,
        "refunded": 0,
    }
    return GatewayPayment(**{**usual, **changed})


def bought(payment="pay_1", number="FL-1", goods=0, end="paid"):
    return CustomerPurchase(
        planned=PlannedPurchase(goods=goods, outcome=PaymentOutcome.PAYS),
        phase="base",
        end=end,
        payment=payment,
        agreed=Decimal("19.99"),
        number=number,
    )


def purchase(**changed):
    usual = {
        "number": "FL-1-1",
        "order": "FL-1",
        "status": "in_progress",
        "submission_status": "accepted",
        "charge": 1999,
        "units": 1,
    }
    return OurPurchase(**{**usual, **changed})


def repeated_order(*answers, orders=1):
    return RepeatedOrder(email="a@example.org", answers=answers, orders=orders)


def mail(**changed):
    usual = {"message_id": "<1>", "order": "FL-1", "template": "order_placed"}
    return OurMail(**{**usual, "status": "delivered", **changed})


def texted(status):
    return ours(text_messages=(OurTextMessage(recipient="+49151", status=status),))


ORDER = OurOrder(number="FL-1", status="processing", total=1999, payments=("pay_1",))
AT_SUPPLIER = SupplierOrder(number="FL-1-1", status="UNSHIPPED", units=1)
TAKEN = SubmissionAttempt(number="FL-1-1", is_accepted=True)
SOLD_OUT = replace(TAKEN, is_accepted=False)
RECEIVED = ReceivedEmail(
    message_id="<1>", recipient="a@example.org", subject="Order FL-1 is placed"
)
OURS = ShopState(
    orders=(ORDER,), purchases=(purchase(),), mails=(mail(),), violated_invariants=(), open_work=()
)
GOOD = Evidence(
    purchases=[bought()],
    stock=1,
    charges=[charge()],
    supplier_orders=[AT_SUPPLIER],
    attempts=[TAKEN],
    emails=[RECEIVED],
    shop=OURS,
)


def refused_part():
    """Return evidence of a paid order with two lines, of which the supplier rejected one."""
    order = replace(ORDER, is_whole=False, lines=2)
    changed = replace(OURS, orders=(order,), purchases=(purchase(charge=1499),))
    return replace(GOOD, charges=[charge(refunded=500)], shop=changed)


def canceled_after_a_refund():
    """Return evidence of an order that was partly refunded, then canceled by the supplier."""
    order = replace(ORDER, status="canceled")
    changed = replace(OURS, orders=(order,), purchases=(purchase(status="canceled"),))
    at_supplier = [replace(AT_SUPPLIER, status="CANCELLED")]
    charges = [charge(refunded=1999)]
    return replace(
        GOOD, charges=charges, refunds={"FL-1": 100}, supplier_orders=at_supplier, shop=changed
    )


def ours(**changed):
    return replace(GOOD, shop=replace(OURS, **changed))


def test_good_run_has_no_violations():
    assert check_all(GOOD) == []
    assert (
        check_all(
            replace(GOOD, page_times_s=[0.1] * 19 + [4.0], unpaid_order_statuses=[201, 201, 409])
        )
        == []
    )


@pytest.mark.parametrize(
    ("status", "arrived"), [("sent", 1), ("sending", 0), ("sending", 1), ("pending", 0)]
)
def test_a_text_message_may_be_in_doubt_or_wait_for_the_morning(status, arrived):
    assert check_all(replace(texted(status), text_messages=["+49151"] * arrived)) == []


def test_one_key_may_have_one_rejection():
    taken, refused = (
        repeated_order(*[(201, "a")] * 50),
        repeated_order(*[(409, "sold out")] * 9, orders=0),
    )

    assert check_all(replace(GOOD, repeated_orders=[taken, refused])) == []


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (replace(GOOD, purchases=[]), SERVED),
        (replace(GOOD, purchases=[bought(), bought(payment="", number="", end="lost")]), SERVED),
        (replace(GOOD, purchases=[bought(goods=1), *[bought(payment="", goods=1)] * 2]), SERVED),
        (replace(GOOD, stock=0), NOT_OVERSOLD),
        (replace(GOOD, page_times_s=[0.1] * 12 + [4.0] * 8), "pages respond while the gateway hangs"),
        (replace(GOOD, unpaid_order_statuses=[201] * 14), "one network reserves no more than its limit"),
        (replace(GOOD, unpaid_order_statuses=[409] * 14), "one network reserves no more than its limit"),
        (replace(GOOD, purchases=[bought(), bought(payment="pay_2", number="")]), LOST),
        (replace(GOOD, purchases=[bought(number="FL-9")]), LOST),
        (ours(orders=()), LOST),
        (replace(GOOD, supplier_orders=[]), SENT),
        (replace(GOOD, supplier_orders=[AT_SUPPLIER, AT_SUPPLIER]), SENT),
        (replace(GOOD, supplier_orders=[AT_SUPPLIER, replace(AT_SUPPLIER, number="FL-1-1R")]), SENT),
        (replace(GOOD, attempts=[TAKEN, SOLD_OUT]), SENT),
        (replace(GOOD, attempts=[TAKEN, TAKEN]), SENT),
        (replace(GOOD, supplier_orders=[replace(AT_SUPPLIER, units=9)]), AGREE),
        (replace(GOOD, supplier_orders=[replace(AT_SUPPLIER, status="CANCELLED")]), AGREE),
        (ours(purchases=(purchase(status="canceled"),)), AGREE),
        (ours(purchases=(purchase(status="shipped"),)), AGREE),
        (ours(purchases=()), SENT),
        (ours(purchases=(purchase(status="on_hold"),)), SENT),
        (replace(GOOD, charges=[charge(amount=1998, authorized=1998, captured=1998)]), MONEY),
        (replace(GOOD, charges=[charge(status="authorized", captured=0)]), MONEY),
        (replace(GOOD, charges=[charge(captured=999, released=1000)]), MONEY),
        (replace(GOOD, charges=[charge(), charge(payment="pay_2")]), MONEY),
        (replace(GOOD, charges=[charge(refunded=200)], refunds={"FL-1": 100}), MONEY),
        (replace(GOOD, charges=[charge(refunded=100)]), MONEY),
        (replace(GOOD, charges=[charge(refunded=1999)]), MONEY),
        (replace(GOOD, charges=[charge(refunded=1000)], refunds={"FL-1": 500}), MONEY),
        (replace(GOOD, return_labels=["R1-L1", "R1-L1"]), "each return label is bought once"),
        (replace(GOOD, wrong_returns=["FL-1: two are kept"]), "each return is stored once"),
        (replace(GOOD, wrong_store_orders=["shopify #1 was refunded 2 times"]), STORES),
        (replace(GOOD, wrong_events=["evt_1 never arrived"]), EVENTS),
        (replace(GOOD, canceling_suppliers=["bigbuy"], returned=["FL-1"]), FAULTS),
        (replace(refused_part(), charges=[charge()]), MONEY),
        (replace(refused_part(), charges=[charge(refunded=1000)]), MONEY),
        (ours(purchases=(purchase(charge=1000),)), MONEY),
        (replace(GOOD, repeated_orders=[repeated_order((201, "a"), (201, "b"))]), IDEMPOTENT),
        (replace(GOOD, repeated_orders=[repeated_order((201, "a"), orders=2)]), IDEMPOTENT),
        (replace(GOOD, repeated_orders=[repeated_order((201, "a"), orders=0)]), IDEMPOTENT),
        (replace(GOOD, repeated_orders=[repeated_order((409, "sold out"), orders=1)]), IDEMPOTENT),
        (replace(GOOD, emails=[]), MAILS),
        (replace(GOOD, emails=[RECEIVED, RECEIVED]), MAILS),
        (replace(GOOD, emails=[RECEIVED, replace(RECEIVED, message_id="<2>")]), MAILS),
        (ours(mails=()), MAILS),
        (replace(GOOD, text_messages=["+49151"]), TEXTS),
        (replace(texted("sent"), text_messages=[]), TEXTS),
        (replace(texted("sending"), text_messages=["+49151", "+49151"]), TEXTS),
        (replace(GOOD, failed_parcels=["FL-1"]), PARCELS),
        (replace(GOOD, late_parcels=["FL-1"]), PARCELS),
        (replace(GOOD, wrong_parcels=["FL-1: no replacement"]), PARCELS),
        (replace(GOOD, mishandled_webhooks=["a forged webhook was answered 200"]),
         "no forged webhook is accepted"),
        (replace(GOOD, silent=["beat"]), FAULTS),
        (replace(GOOD, planned=10, injected=8, missed=["web: dead"]), FAULTS),
        (replace(GOOD, planned=10, injected=7, missed=["web: dead"] * 3), FAULTS),
        (replace(GOOD, planned=10, injected=10, errors=["web broke: TypeError()"]), FAULTS),
        (ours(open_work=("1 events",)), "no work is left"),
        (ours(violated_invariants=("I1 no oversell",)), "the invariants hold"),
    ],
)  # fmt: skip
def test_violation_is_found(broken, promise):
    assert promise in [violation.promise for violation in check_all(broken)]


@pytest.mark.parametrize(
    "paid_back",
    [
        replace(GOOD, charges=[charge(refunded=100)], refunds={"FL-1": 100}),
        replace(GOOD, charges=[charge(refunded=1999)], refunds={"FL-1": 1999}, returned=["FL-1"]),
        refused_part(),
        canceled_after_a_refund(),
    ],
)
def test_justified_refund_is_no_violation(paid_back):
    assert check_all(paid_back) == []


def released_payment(*, status="canceled", attempts=(), **changed):
    """Return evidence of an order whose payment succeeded, but was released uncaptured."""
    return replace(
        GOOD,
        charges=[charge(status="voided", captured=0, released=1999)],
        supplier_orders=[],
        emails=[],
        attempts=attempts,
        shop=replace(OURS, orders=(replace(ORDER, status=status),), mails=(), **changed),
    )


def promises(evidence):
    return {violation.promise for violation in check_all(evidence)} - {SERVED}


@pytest.mark.parametrize(
    "evidence",
    [
        released_payment(purchases=(purchase(status="canceled"),), attempts=[SOLD_OUT]),
        released_payment(purchases=(purchase(status="canceled", is_cancel_requested=True),)),
        replace(
            released_payment(purchases=(purchase(status="canceled"),), attempts=[TAKEN]),
            supplier_orders=[replace(AT_SUPPLIER, status="CANCELLED")],
        ),
    ],
)
def test_refund_of_an_unshippable_order_is_no_violation(evidence):
    assert promises(evidence) == set()


@pytest.mark.parametrize(
    "evidence",
    [
        released_payment(status="expired", purchases=()),
        released_payment(purchases=()),
        released_payment(purchases=(purchase(status="canceled"),)),
        released_payment(
            status="expired", purchases=(purchase(status="canceled"),), attempts=[SOLD_OUT]
        ),
    ],
)
def test_unjustified_refund_is_a_violation(evidence):
    assert promises(evidence) == {LOST}


def test_refused_customers_of_a_sold_out_product_are_no_violation():
    late = [bought(payment="", number="", end="refused")] * 9

    assert check_all(replace(GOOD, purchases=[bought(), *late])) == []


def test_a_few_missed_faults_are_no_violation():
    assert check_all(replace(GOOD, planned=10, injected=9, missed=["web: dead"])) == []


def test_rejected_order_may_be_sent_again():
    assert check_all(replace(GOOD, attempts=[SOLD_OUT, TAKEN])) == []


@pytest.mark.parametrize(
    ("choice", "released", "broken"),
    [("wait", 0, False), ("refund", 0, True), ("wait", 1999, True), ("refund", 1999, False)],
)
def test_result_matches_the_customers_answer(choice, released, broken):
    money = charge(captured=1999 - released, released=released)
    violations = check_all(replace(GOOD, charges=[money], answers={"FL-1": choice}))

    assert (ANSWERED in [one.promise for one in violations]) == broken


@pytest.mark.parametrize(
    ("more", "broken"),
    [
        (purchase(number="FL-1-2", status="canceled", is_cancel_requested=True), False),
        (purchase(number="FL-1-2", status="canceled"), True),
    ],
)
def test_waiting_customer_is_refunded_only_if_no_supplier_ships(more, broken):
    purchases = (purchase(status="canceled"), more)
    evidence = released_payment(purchases=purchases, attempts=[SOLD_OUT])

    violated = promises(replace(evidence, answers={"FL-1": "wait"}))

    assert (ANSWERED in violated) == broken


def test_failpoint_without_a_kill_is_a_violation():
    (found,) = check_all(replace(GOOD, unreached_failpoints=["claim.before_call"]))

    assert found.promise == FAULTS
    assert "claim.before_call" in found.examples[0]
