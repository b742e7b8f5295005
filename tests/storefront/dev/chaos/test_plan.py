"""Chaos plan: the same seed draws the same faults, and every plan has every kind of fault."""

import re
from collections import Counter

from storefront.dev.chaos import mutation_tests
from storefront.dev.chaos import plan as chaos_plan
from storefront.dev.chaos.instance import failpoints
from storefront.dev.chaos.plan import (
    BIGBUY_KINDS,
    GATEWAY_KINDS,
    MESSAGE_KINDS,
    SUPPLIER_KINDS,
    FaultKind,
    PaymentOutcome,
)
from storefront.dev.sandboxes import mail, twilio
from storefront.dev.sandboxes.bigbuy import endpoints as bigbuy_endpoints
from storefront.dev.sandboxes.bigbuy import lists as bigbuy_lists
from storefront.dev.sandboxes.bigbuy.state import FAULT_KINDS as KNOWN_BIGBUY_KINDS
from storefront.dev.sandboxes.cj import dispatch as cj_dispatch
from storefront.dev.sandboxes.core.faults import MESSAGE_KINDS as KNOWN_MESSAGE_KINDS
from storefront.dev.sandboxes.core.faults import REQUEST_KINDS
from storefront.dev.sandboxes.feeds import server as feed_server
from storefront.dev.sandboxes.seventeen_track import state as seventeen_track
from storefront.dev.sandboxes.stripe import routes as stripe_routes

NAMES = ("c", "a", "b")


def plan(seed, failpoints=NAMES):
    return chaos_plan.draw_plan(seed, failpoints=failpoints, variety=8)


def planned_faults(of):
    return [planned for phase in of.phases for planned in phase.planned_faults]


def test_same_seed_draws_the_same_plan():
    assert plan(7) == plan(7, failpoints=sorted(NAMES))
    assert planned_faults(plan(7)) != planned_faults(plan(8))
    assert plan(7).phases[0].planned_purchases != plan(8).phases[0].planned_purchases


def test_every_plan_has_every_kind_of_fault():
    for seed in range(10):
        assert {planned.what for planned in planned_faults(plan(seed))} == set(FaultKind)


def test_every_sandbox_fault_is_used():
    found = planned_faults(plan(3))
    faults = [planned.detail for planned in found if planned.what is FaultKind.SUPPLIER_FAULT]
    of_supplier = {one["kind"] for one in faults if "supplier" not in one}

    assert of_supplier == set(SUPPLIER_KINDS) | set(MESSAGE_KINDS)
    assert {one["supplier"] for one in faults if "supplier" in one} == {"bigbuy", "feed"}
    of_bigbuy = {one["kind"] for one in faults if one.get("path") in chaos_plan.BIGBUY_PATHS}
    assert of_bigbuy == set(BIGBUY_KINDS) <= KNOWN_BIGBUY_KINDS
    assert set(SUPPLIER_KINDS) == REQUEST_KINDS
    assert set(MESSAGE_KINDS) == KNOWN_MESSAGE_KINDS
    of_gateway = {
        planned.detail["kind"] for planned in found if planned.what is FaultKind.GATEWAY_FAULT
    }
    assert of_gateway == set(GATEWAY_KINDS)
    of_message = {
        what: {planned.detail["kind"] for planned in found if planned.what is what}
        for what in (FaultKind.MAIL_FAULT, FaultKind.SMS_FAULT, FaultKind.TRACKER_FAULT)
    }
    assert of_message == {
        FaultKind.MAIL_FAULT: mail.KINDS,
        FaultKind.SMS_FAULT: twilio.KINDS,
        FaultKind.TRACKER_FAULT: seventeen_track.KINDS | KNOWN_MESSAGE_KINDS,
    }


def test_faults_are_sorted_and_one_phase_is_armed():
    for phase in plan(5).phases:
        times = [planned.at_s for planned in phase.planned_faults]
        assert times == sorted(times)
        assert all(
            0 <= planned.goods < 8 and 0 <= planned.second_product < 8
            for planned in phase.planned_purchases
        )
    assert [phase.name for phase in plan(5).phases if phase.is_armed] == ["api_faults"]


def test_most_bought_product_sells_out_but_not_the_hot_one():
    for seed in range(5):
        (api_faults,) = (phase for phase in plan(seed).phases if phase.name == "api_faults")
        emptied = [
            one.detail["goods"]
            for one in api_faults.planned_faults
            if one.what is FaultKind.SOLD_OUT
        ]
        bought = Counter(
            one.goods for one in api_faults.planned_purchases if one.outcome is PaymentOutcome.PAYS
        )
        assert len(set(emptied)) == chaos_plan.SOLD_OUT_PRODUCTS
        among = range(1, chaos_plan.CJ_PRODUCTS)
        assert set(emptied) <= set(among)
        assert max(bought[each] for each in among) in [bought[each] for each in emptied]


def test_supplier_outage_lasts_ten_seconds_and_ends_once():
    for seed in range(5):
        made = plan(seed)
        kills, letters = (phase.planned_faults for phase in made.phases[-2:])
        gone = [each.at_s for each in kills if each.what is FaultKind.SUPPLIER_DOWN]
        back = [each.at_s for each in letters if each.what is FaultKind.SUPPLIER_BACK]
        (gone_at,), (back_at,) = gone, back
        last = max(each.at_s for each in kills)
        assert max(last, 11) - gone_at + back_at >= chaos_plan.OUTAGE_S


def test_each_failpoint_has_the_pass_at_which_it_kills():
    turns = plan(1, failpoints=failpoints.defined()).failpoints

    assert set(turns) == set(failpoints.defined())
    assert all(1 <= turn <= chaos_plan.MAX_PASS for turn in turns.values())


def test_names_in_plans_exist_in_the_product_and_its_sandboxes():
    names = failpoints.defined()
    cj = [path for _, path in cj_dispatch.ROUTES]
    bigbuy = [path for _, path in (*bigbuy_endpoints.FIXED, *bigbuy_endpoints.CREATING)]
    stripe = [f"{method} {path}" for method, path, _ in stripe_routes.ROUTES]

    for prefix in chaos_plan.RARE_FAILPOINTS:
        assert [name for name in names if name.startswith(prefix)] != [], prefix
    for path in chaos_plan.SUPPLIER_PATHS:
        assert [known for known in cj if known.endswith(path)] != [], path
    for path in chaos_plan.BIGBUY_PATHS:
        assert [known for known in bigbuy if known.endswith(path)] != [], path
    for path in chaos_plan.GATEWAY_CALLS:
        calls = [known.replace(stripe_routes.ID, "/id") for known in stripe]
        assert [call for call in calls if re.search(path, call)] != [], path
    assert chaos_plan.LISTS["bigbuy"] in bigbuy_lists.PRODUCT_LISTS
    assert chaos_plan.LISTS["feed"] in feed_server.FILES
    for name, story in mutation_tests.SCENARIOS.items():
        assert story.failpoint in {"", *names}, name


def test_product_has_failpoints_at_every_boundary():
    names = failpoints.defined()

    assert len(names) >= 12
    for boundary in ("before_commit", "after_commit", "before_call", "after_call"):
        assert [name for name in names if name.endswith(boundary)] != []
    assert "task.before_acknowledgment" in names
