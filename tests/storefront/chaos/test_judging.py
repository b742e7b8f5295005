"""Each promise that is broken is found in the books of those outside, and a kept one is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.chaos.evidence import (
    Charge,
    Evidence,
    Letter,
    OurMail,
    OurOrder,
    OurPurchase,
    Ours,
    Told,
)
from storefront.chaos.judging import judge
from storefront.chaos.scheduling import Way, Wish
from storefront.chaos.shopping import Purchase

SOLD = "nothing is sold that is not there"
LOST = "no order is lost"
TOLD = "each paid order is told once"
MONEY = "money is what orders say"
MAILS = "each mail comes once"


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
    return Charge(**{**usual, **changed})


def bought(payment="pay_1", number="FL-1", goods=0):
    return Purchase(
        wish=Wish(goods=goods, way=Way.PAYS),
        phase="base",
        end="paid",
        payment=payment,
        agreed=Decimal("19.99"),
        number=number,
    )


def purchase(**changed):
    usual = {
        "number": "FL-1-1",
        "order": "FL-1",
        "status": "in_progress",
        "request_status": "accepted",
        "charge": 1999,
    }
    return OurPurchase(**{**usual, **changed})


def mail(**changed):
    usual = {"message_id": "<1>", "order": "FL-1", "template": "order_placed"}
    return OurMail(**{**usual, "status": "delivered", **changed})


ORDER = OurOrder(number="FL-1", status="processing", total=1999, payments=("pay_1",))
HIS = Told(number="FL-1-1", status="UNSHIPPED", units=1)
CAME = Letter(message_id="<1>", recipient="a@example.org", subject="Order FL-1 is placed")
OURS = Ours(orders=(ORDER,), purchases=(purchase(),), mails=(mail(),), broken=(), left=())
GOOD = Evidence(
    purchases=[bought()], stock=1, charges=[charge()], told=[HIS], letters=[CAME], ours=OURS
)


def ours(**changed):
    return replace(GOOD, ours=replace(OURS, **changed))


def test_a_good_run_has_no_violations():
    assert judge(GOOD) == []


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (replace(GOOD, stock=0), SOLD),
        (replace(GOOD, purchases=[bought(), bought(payment="pay_2", number="")]), LOST),
        (replace(GOOD, purchases=[bought(number="FL-9")]), LOST),
        (ours(orders=()), LOST),
        (replace(GOOD, told=[]), TOLD),
        (replace(GOOD, told=[HIS, HIS]), TOLD),
        (replace(GOOD, told=[HIS, replace(HIS, number="FL-1-1R")]), TOLD),
        (ours(purchases=()), TOLD),
        (ours(purchases=(purchase(status="on_hold"),)), TOLD),
        (replace(GOOD, charges=[charge(amount=1998, authorized=1998, captured=1998)]), MONEY),
        (replace(GOOD, charges=[charge(status="authorized", captured=0)]), MONEY),
        (replace(GOOD, charges=[charge(captured=999, released=1000)]), MONEY),
        (replace(GOOD, charges=[charge(), charge(payment="pay_2")]), MONEY),
        (replace(GOOD, charges=[charge(refunded=200)], refunds={"FL-1": 100}), MONEY),
        (replace(GOOD, charges=[charge(refunded=100)]), MONEY),
        (ours(purchases=(purchase(charge=1000),)), MONEY),
        (replace(GOOD, letters=[]), MAILS),
        (replace(GOOD, letters=[CAME, CAME]), MAILS),
        (replace(GOOD, letters=[CAME, replace(CAME, message_id="<2>")]), MAILS),
        (ours(mails=()), MAILS),
        (replace(GOOD, wrong_letters=["a forged letter was answered 200"]),
         "no forged letter is believed"),
        (ours(left=("1 facts",)), "nothing is left to be done"),
        (ours(broken=("I1 no oversell",)), "the invariants hold"),
    ],
)  # fmt: skip
def test_what_is_broken_is_found(broken, promise):
    assert promise in [violation.promise for violation in judge(broken)]


def test_a_small_refund_that_staff_made_is_no_loss():
    paid_back = replace(GOOD, charges=[charge(refunded=100)], refunds={"FL-1": 100})

    assert judge(paid_back) == []


def test_what_was_given_back_is_owed_to_nobody():
    gone = replace(
        GOOD,
        charges=[charge(status="voided", captured=0, released=1999)],
        told=[],
        letters=[],
        ours=replace(OURS, purchases=(purchase(status="canceled"),), mails=()),
    )

    assert judge(gone) == []
