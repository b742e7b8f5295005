"""Margin filter: a line is not sourced at a loss while another source can send it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from catalog.pricing.landed_cost import calculate
from orders.enums import Criterion
from orders.pricing import margins
from orders.pricing.totals import TaxTreatment, included_tax
from orders.routing import decision_log
from orders.routing.candidates import Need, QuantityRefusal
from orders.routing.decision_log import SELECTED
from orders.routing.engine import route
from orders.routing.margin_filter import Contribution, MarginReason, SaleAmount
from orders.routing.ranking import Rules
from storefront.lib.money import Money
from tests.factories.pricing import amounts, fractions, terms
from tests.orders.routing.test_engine import candidate, landed

D = Decimal
QUICK = (Criterion.DAYS, Criterion.COST)


def sold(gross, tax="0.19"):
    return SaleAmount(gross=Money(D(gross), "EUR"), tax_rate=D(tax))


def place(level_id, cost, *, days=5, variant_id=1, **more):
    where = {"location_id": 10 * level_id, **more}
    return candidate(level_id, variant_id, landed=landed(cost), days=days, **where)


def plan_of(*candidates, price="119.00", quantity=1, rules=None, **more):
    need = Need(variant_id=1, quantity=quantity, sold=price and sold(price))
    rules = rules or Rules(criteria=QUICK, **more)
    return route(needs=[need], candidates=candidates, rules=rules)


def taken(plan):
    return [line.candidate.level_id for parcel in plan.parcels for line in parcel.lines]


def verdicts(plan):
    ((line,),) = plan.planned.values()
    return {
        one.level_id: decision_log.verdict(
            one, line.candidate, line.quantity, plan.rules, line.sold
        )
        for one in plan.considered[line.variant_id]
    }


def test_a_fast_source_at_a_loss_yields_to_a_slower_one():
    quick, slow = place(1, "98", days=1), place(2, "90", days=9)  # net 100, fees 3

    plan = plan_of(quick, slow)

    assert taken(plan) == [2]
    assert verdicts(plan) == {1: MarginReason.LOSS, 2: SELECTED}
    assert taken(plan_of(place(1, "97", days=1), slow)) == [1]  # breaking even is enough


def test_another_parcel_is_preferred_to_a_loss():
    needs = [Need(variant_id=number, quantity=1, sold=sold("119.00")) for number in (1, 2)]
    together = [place(1, "50", location_id=7), place(2, "99", location_id=7, variant_id=2)]
    other = place(3, "60", variant_id=2)

    plan = route(needs=needs, candidates=[*together, other])

    assert sorted(taken(plan)) == [1, 3]


def test_if_all_lose_the_smallest_loss_is_chosen():
    most, less, same = place(1, "120", days=1), place(2, "101", days=9), place(3, "101", days=8)

    plan = plan_of(most, less, same)

    assert plan.missing == {}
    assert taken(plan) == [3]  # ranking decides between equals
    assert verdicts(plan) == {1: MarginReason.LOSS, 2: "slower", 3: SELECTED}


def test_a_margin_below_the_minimum_comes_before_a_loss():
    loses, little, enough = place(1, "99", days=1), place(2, "90", days=3), place(3, "70", days=9)
    asked = {"min_margin_rate": D("0.2")}

    assert taken(plan_of(loses, little, enough, **asked)) == [3]
    assert taken(plan_of(loses, little, **asked)) == [2]
    assert verdicts(plan_of(little, enough, **asked))[2] == MarginReason.LOW_MARGIN
    # Among sources without a loss the ranking decides, not the margin.
    assert taken(plan_of(little, place(4, "89", days=4), loses, **asked)) == [2]


def test_rules_without_a_minimum_margin_exclude_no_source():
    assert taken(plan_of(place(1, "98", days=1), place(2, "50"), min_margin_rate=None)) == [1]


def test_an_unknown_cost_has_no_verdict():
    quick = place(1, "98", days=1)
    unknown = candidate(2, 1, 20, days=9)

    assert taken(plan_of(quick, place(2, "90"), price=None)) == [1]
    assert taken(plan_of(unknown, place(1, "50", days=1))) == [1]
    assert taken(plan_of(unknown, quick)) == [1]  # the hold rules would hold both
    sooner = candidate(3, 1, 30, days=0)
    assert taken(plan_of(sooner, place(1, "50", days=1))) == [3]


def test_a_source_with_too_few_units_does_not_exclude_a_loss():
    few, dear = place(1, "50", available=1), place(2, "99", available=9)

    plan = plan_of(few, dear, price="238.00", quantity=2)

    assert taken(plan) == [2]
    assert verdicts(plan)[1] == QuantityRefusal.TOO_FEW


def test_a_flat_duty_counts_once_per_line():
    across = candidate(1, 1, 10, available=9, days=1, landed=landed("95", flat_duty=3))
    near = candidate(2, 1, 20, available=9, days=9, landed=landed("90"))

    assert taken(plan_of(across, near)) == [2]
    assert taken(plan_of(across, near, price="238.00", quantity=2)) == [1]


def test_less_than_a_cent_is_no_loss():
    net = Money(D(100), "EUR")

    assert Contribution(net=net, spent=D("100.004")).band(D(0)) == (0, 0)
    assert Contribution(net=net, spent=D("100.005")).band(D(0)) == (2, D("0.01"))
    assert Contribution(net=net, spent=D("90.004")).band(D("0.1")) == (0, 0)
    assert Contribution(net=net, spent=D("90.01")).band(D("0.1")) == (1, 0)


def test_added_tax_is_no_revenue():
    contained = SaleAmount.at(Money(D(100), "EUR"), TaxTreatment(rate=D("0.25")))
    added = SaleAmount.at(Money(D(100), "EUR"), TaxTreatment(rate=D("0.25"), is_added=True))

    assert (str(contained.gross), str(contained.net)) == ("100.00 EUR", "80.00 EUR")
    assert (str(added.gross), str(added.net)) == ("125.00 EUR", "100.00 EUR")


rates = st.tuples(fractions, fractions, fractions)


@given(amounts, amounts, rates, st.integers(1, 9), st.integers(0, 3))
def test_routing_computes_margins_as_the_hold_rules_do(cost, price, rates, quantity, duty):
    tax, fee, paying = rates
    known = terms(fee=fee, tax=tax, payment_fee_rate=paying, freight_amount="1.10")
    one = calculate(wholesale=cost, origin="", terms=known, flat_duty=D(duty))
    gross = Money(price, "EUR")

    line = margins.line_margin(one, quantity=quantity, gross=gross, tax_rate=tax)
    spent = candidate(1, 1, 10, landed=one).spent(quantity, SaleAmount(gross=gross, tax_rate=tax))

    assert line.net == gross - included_tax(gross=gross, rate=tax)
    assert spent == line.outlay.amount
