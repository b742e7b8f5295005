"""Routing rules: which are in force, and what an order stores of its routing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.enums import Criterion
from orders.models import Order, RoutingRules
from orders.routing import rules as routing_rules
from orders.routing import simulation
from orders.routing.decision_log import SELECTED
from orders.routing.engine import Drawback
from orders.routing.ranking import DEFAULT_CRITERIA, DEFAULT_RULES, Rules
from storefront.lib.state_machine import InvalidTransitionError
from suppliers.models import SupplierOffer
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
COST_FIRST = (Criterion.COST, Criterion.PARCELS)


def draft(*criteria, channel=None, **more):
    return routing_rules.create_draft(
        channel=channel or make_channel(), criteria=criteria, actor="ada", now=NOON, **more
    )


def live(*criteria, **more):
    rules = draft(*criteria, **more)
    routing_rules.activate(rules=rules, actor="ada", now=NOON)
    return rules


def in_force(now=NOON, channel=None):
    return routing_rules.current_rules(channel=channel or make_channel(), now=now)


def simulate(order, **rules):
    period = {"since": NOON, "until": NOON + A_DAY}
    orders = simulation.orders_of_period(channel_id=order.channel_id, **period)
    return simulation.simulate(rules=Rules(**rules), orders=orders, currency="EUR")


def test_without_live_rules_the_default_applies():
    draft(Criterion.COST)

    assert in_force() == DEFAULT_RULES


def test_the_newest_live_rules_apply_until_retired():
    first, second = live(Criterion.COST), live(Criterion.DAYS)
    assert in_force() == Rules(criteria=(Criterion.DAYS,), version=2)

    routing_rules.retire(rules=second, actor="ada", now=NOON)
    assert in_force().version == first.version

    with pytest.raises(InvalidTransitionError):
        routing_rules.activate(rules=second, actor="ada", now=NOON)


def test_rules_with_an_end_take_precedence_while_in_force():
    always = live(Criterion.COST)
    some_days = live(Criterion.DAYS, starts_at=NOON + A_DAY, ends_at=NOON + 3 * A_DAY)
    renewed = draft(Criterion.SCORE)
    routing_rules.activate(rules=renewed, actor="ada", now=NOON + 2 * A_DAY)

    versions = [in_force(NOON + days * A_DAY).version for days in range(5)]

    assert versions == [renewed.version, *[some_days.version] * 2, *[renewed.version] * 2]
    assert renewed.version > always.version


def test_rules_that_went_live_later_take_precedence():
    live(Criterion.COST, starts_at=NOON - A_DAY)

    newest = live(Criterion.DAYS)

    assert in_force().version == newest.version


def test_rules_past_their_end_cannot_go_live():
    over = draft(Criterion.COST, ends_at=NOON)

    with pytest.raises(routing_rules.RulesEndedError):
        routing_rules.activate(rules=over, actor="ada", now=NOON)


def test_each_channel_has_its_own_rules():
    other = make_channel(code="other")
    live(Criterion.COST, channel=other)

    assert in_force() == DEFAULT_RULES
    assert in_force(channel=other).version == 1


@pytest.mark.parametrize("criteria", [[], ["luck"], ["cost", "luck"]])
def test_the_database_rejects_invalid_chains(criteria):
    with pytest.raises(IntegrityError), transaction.atomic():
        RoutingRules.objects.create(
            channel=make_channel(), version=1, status_since=NOON, criteria=criteria, created_at=NOON
        )


@pytest.mark.parametrize("least", ["-0.01", "1"])
def test_the_database_rejects_invalid_margin_rates(least):
    with pytest.raises(IntegrityError), transaction.atomic():
        draft(Criterion.COST, min_margin_rate=Decimal(least))


def test_rules_exclude_losses_by_default():
    unasked = draft(Criterion.COST, min_margin_rate=None)

    assert (
        routing_rules.to_rules(draft(Criterion.COST)).min_margin_rate
        == 0
        == DEFAULT_RULES.min_margin_rate
    )
    assert routing_rules.to_rules(unasked).min_margin_rate is None


@pytest.fixture
def light():
    """A product from two suppliers, cheaper from far away."""
    listing = make_sellable(cost="10.00", quantity=9)
    far = make_offer(listing.variant, supplier=make_supplier("far"), cost="8.00")
    listing.far = make_level(far, 9, make_location(far.supplier, "CN", "CN"))
    return listing


def test_an_order_stores_its_candidates_and_verdicts(light):
    order = make_order(light, quantity=2)

    noted = Order.objects.get(pk=order.pk).routing_decision
    (line,) = order.lines.all()
    verdicts = {entry["level"]: entry["verdict"] for entry in noted["lines"][str(line.variant_id)]}
    assert (noted["version"], noted["criteria"]) == (0, list(DEFAULT_CRITERIA))
    assert verdicts == {line.level_id: SELECTED, light.level.pk: Drawback.HIGHER_COST}


def test_a_simulation_uses_the_stored_candidates(light):
    order = make_order(light, quantity=2)
    SupplierOffer.objects.update(cost_amount=99)  # current costs must not matter
    home = light.level.offer.supplier.code

    same = simulate(order, criteria=COST_FIRST)
    other = simulate(order, criteria=(Criterion.PREFERENCE, Criterion.COST), preferred=(home,))

    assert (same.count, same.changed, same.before) == (1, [], same.after)
    (changed,) = other.changed
    assert (changed.before_from, changed.after_from) == (["far (CN)"], [f"{home} (DE)"])
    more = other.after.cost - other.before.cost
    assert more == 2 * 2  # two units, each costs 2 more
    assert other.after.margin == other.before.margin - more


def test_a_simulated_minimum_margin_changes_sources(light):
    dear_first = {
        "criteria": (Criterion.PREFERENCE, Criterion.COST),
        "preferred": (light.level.offer.supplier.code,),
    }
    order = make_order(light, quantity=2)  # net 67.21; the margin is 61 % near, 67 % far

    none, some, too_much = (
        simulate(order, **dear_first, min_margin_rate=Decimal(least))
        for least in ("0", "0.63", "0.9")
    )

    assert [one.after_from for one in none.changed] == [[f"{light.level.offer.supplier.code} (DE)"]]
    assert some.changed == []  # unchanged: from far
    assert some.after.margin - none.after.margin == 2 * 2
    assert too_much.after == none.after  # no source reaches it, so none is excluded


def test_orders_without_a_decision_log_are_counted_and_skipped(light):
    order = make_order(light)
    Order.objects.update(routing_decision={})

    found = simulate(order)

    assert (found.count, found.without_log) == (0, 1)
