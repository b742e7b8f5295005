"""Which rules are in force, and that an order keeps by which and from what it was routed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.enums import Criterion
from orders.models import Order, RoutingRules
from orders.routing import rules as routing_rules
from orders.routing import simulation
from orders.routing.decision_log import TAKEN
from orders.routing.engine import Worse
from orders.routing.ranking import USUAL, USUAL_CHAIN, Rules
from storefront.lib.state_machine import IllegalMoveError
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
COST_FIRST = (Criterion.COST, Criterion.PARCELS)


def draft(*chain, channel=None, **more):
    return routing_rules.draft(
        channel=channel or make_channel(), chain=chain, by="ada", now=NOON, **more
    )


def live(*chain, **more):
    rules = draft(*chain, **more)
    routing_rules.go_live(rules=rules, by="ada", now=NOON)
    return rules


def in_force(now=NOON, channel=None):
    return routing_rules.in_force(channel=channel or make_channel(), now=now)


def test_without_rules_and_by_drafts_nothing_changes():
    draft(Criterion.COST)

    assert in_force() == USUAL


def test_what_is_live_counts_until_it_is_retired_and_a_newer_one_counts_first():
    first, second = live(Criterion.COST), live(Criterion.DAYS)
    assert in_force() == Rules(chain=(Criterion.DAYS,), version=2)

    routing_rules.retire(rules=second, by="ada", now=NOON)
    assert in_force().version == first.version

    with pytest.raises(IllegalMoveError):
        routing_rules.go_live(rules=second, by="ada", now=NOON)


def test_rules_for_some_days_stand_above_the_others_on_these_days_only():
    always = live(Criterion.COST)
    some_days = live(Criterion.DAYS, starts_at=NOON + A_DAY, ends_at=NOON + 3 * A_DAY)
    renewed = draft(Criterion.SCORE)
    routing_rules.go_live(rules=renewed, by="ada", now=NOON + 2 * A_DAY)

    versions = [in_force(NOON + days * A_DAY).version for days in range(5)]

    assert versions == [renewed.version, *[some_days.version] * 2, *[renewed.version] * 2]
    assert renewed.version > always.version


def test_what_goes_live_counts_before_what_began_earlier():
    live(Criterion.COST, starts_at=NOON - A_DAY)

    newest = live(Criterion.DAYS)

    assert in_force().version == newest.version


def test_rules_whose_time_is_over_do_not_go_live():
    over = draft(Criterion.COST, ends_at=NOON)

    with pytest.raises(routing_rules.OverError):
        routing_rules.go_live(rules=over, by="ada", now=NOON)


def test_each_channel_has_rules_of_its_own():
    other = make_channel(code="other")
    live(Criterion.COST, channel=other)

    assert in_force() == USUAL
    assert in_force(channel=other).version == 1


@pytest.mark.parametrize("chain", [[], ["luck"], ["cost", "luck"]])
def test_the_database_keeps_out_what_is_no_criterion(chain):
    with pytest.raises(IntegrityError), transaction.atomic():
        RoutingRules.objects.create(
            channel=make_channel(), version=1, status_since=NOON, chain=chain, made_at=NOON
        )


@pytest.mark.parametrize("least", ["-0.01", "1"])
def test_the_database_keeps_out_a_margin_that_is_no_fraction_below_one(least):
    with pytest.raises(IntegrityError), transaction.atomic():
        draft(Criterion.COST, least_margin_rate=Decimal(least))


def test_rules_ask_for_no_loss_unless_they_say_otherwise():
    unasked = draft(Criterion.COST, least_margin_rate=None)

    assert (
        routing_rules.rules_of(draft(Criterion.COST)).least_margin_rate
        == 0
        == USUAL.least_margin_rate
    )
    assert routing_rules.rules_of(unasked).least_margin_rate is None


@pytest.fixture
def light():
    """A light at two suppliers, cheaper far away."""
    listing = make_sellable(cost="10.00", quantity=9)
    far = make_offer(listing.variant, supplier=make_supplier("far"), cost="8.00")
    listing.far = make_level(far, 9, make_location(far.supplier, "CN", "CN"))
    return listing


def test_an_order_keeps_what_it_could_have_come_from_and_why_not(light):
    order = make_order(light, quantity=2)

    noted = Order.objects.get(pk=order.pk).routed_by
    (line,) = order.lines.all()
    verdicts = {entry["level"]: entry["verdict"] for entry in noted["lines"][str(line.variant_id)]}
    assert (noted["version"], noted["chain"]) == (0, list(USUAL_CHAIN))
    assert verdicts == {line.level_id: TAKEN, light.level.pk: Worse.DEARER}


def test_an_order_is_routed_again_by_what_it_could_have_come_from_then(light):
    order = make_order(light, quantity=2)
    light.level.offer.cost_amount = light.far.offer.cost_amount = 99  # nobody asks what it is now
    light.level.offer.save()
    light.far.offer.save()
    home = light.level.offer.supplier.code

    def rehearse(**rules):
        orders = simulation.of_day(channel_id=order.channel_id, since=NOON, until=NOON + A_DAY)
        return simulation.rehearse(rules=Rules(**rules), orders=orders, currency="EUR")

    same = rehearse(chain=COST_FIRST)
    other = rehearse(chain=(Criterion.PREFERENCE, Criterion.COST), preferred=(home,))

    assert (same.count, same.changed, same.before) == (1, [], same.after)
    (changed,) = other.changed
    assert (changed.before_from, changed.after_from) == (["far (CN)"], [f"{home} (DE)"])
    more = other.after.cost - other.before.cost
    assert more == 2 * 2  # two units, of which each is dearer by two
    assert other.after.margin == other.before.margin - more


def test_a_margin_that_is_asked_for_moves_orders_of_yesterday_to_who_leaves_it(light):
    dear_first = {
        "chain": (Criterion.PREFERENCE, Criterion.COST),
        "preferred": (light.level.offer.supplier.code,),
    }
    order = make_order(light, quantity=2)  # 67.21 before tax; it leaves 61 % from here, 67 from far

    def rehearse(least):
        rules = Rules(**dear_first, least_margin_rate=least)
        orders = simulation.of_day(channel_id=order.channel_id, since=NOON, until=NOON + A_DAY)
        return simulation.rehearse(rules=rules, orders=orders, currency="EUR")

    none, some, too_much = (rehearse(Decimal(least)) for least in ("0", "0.63", "0.9"))

    assert [one.after_from for one in none.changed] == [[f"{light.level.offer.supplier.code} (DE)"]]
    assert some.changed == []  # as it came: from far
    assert some.after.margin - none.after.margin == 2 * 2
    assert too_much.after == none.after  # where nobody leaves it, it is sold all the same


def test_orders_that_kept_nothing_are_counted_and_left_out(light):
    order = make_order(light)
    Order.objects.update(routed_by={})

    orders = simulation.of_day(channel_id=order.channel_id, since=NOON, until=NOON + A_DAY)
    found = simulation.rehearse(rules=USUAL, orders=orders, currency="EUR")

    assert (found.count, found.without_note) == (0, 1)
