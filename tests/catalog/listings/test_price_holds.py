from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.listings import price_approvals, price_explanation
from catalog.listings import refresh as listing_refresh
from catalog.listings.refresh import ListingSupply
from catalog.models import Listing, PriceChange, PriceHold, ProductCard
from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange
from tests.factories.catalog import NOON, make_channel, make_price_rule, make_variant
from tests.factories.priced_shop import supplied
from tests.factories.pricing import make_price_book

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


@pytest.fixture
def variant():
    make_price_rule()
    open_book(2, max_change_per_run="0.20")
    variant = make_variant()
    refresh(variant, "10.00", now=NOON)
    return variant


def open_book(version, **limits):
    make_price_book(channel=make_channel(), version=version, status="live", **limits)


def refresh(variant, cost, *, now=LATER, **more):
    listing_refresh.refresh_listings(
        channel=make_channel(), supplies=[supplied(variant, cost, **more)], now=now
    )
    return Listing.objects.get()


def test_a_price_that_changes_too_far_is_held_and_the_old_one_stays(variant):
    listing = refresh(variant, "14.00")

    hold = PriceHold.objects.get()
    assert (listing.price_amount, listing.cost_amount) == (Decimal("21.99"), Decimal("14.00"))
    assert listing.is_published
    assert (hold.status, hold.reason, hold.is_off_sale) == ("open", "moved_too_far", False)
    assert (hold.old_amount, hold.proposed_amount) == (Decimal("21.99"), Decimal("28.99"))
    assert hold.sentence == "From 21.99 to 28.99: 31.83 %, more than the maximum change at once."
    assert PriceChange.objects.count() == 1


def test_an_unchanged_proposal_opens_no_second_hold_and_a_new_one_updates_it(variant):
    refresh(variant, "14.00")
    refresh(variant, "14.00")
    refresh(variant, "15.00")

    hold = PriceHold.objects.get()
    assert (hold.opened_at, hold.proposed_amount) == (LATER, Decimal("30.99"))


def test_a_price_at_a_loss_is_off_sale_until_decided(variant):
    listing = refresh(variant, "30.00")

    hold = PriceHold.objects.get()
    assert (listing.price_amount, listing.is_published) == (None, False)
    assert (hold.is_off_sale, hold.old_amount) == (True, Decimal("21.99"))
    assert not ProductCard.objects.exists()

    price_approvals.approve(hold=hold, actor="ann", now=LATER)

    listing.refresh_from_db()
    change = PriceChange.objects.latest("pk")
    assert (listing.price_amount, listing.is_published) == (Decimal("56.99"), True)
    assert ProductCard.objects.get().price_amount == Decimal("56.99")
    assert (change.old_amount, change.breakdown["approved_by"]) == (Decimal("21.99"), "ann")
    assert StatusChange.objects.get(subject="catalog.PriceHold").actor == "ann"


def test_an_approved_price_stays_at_the_next_refresh(variant):
    refresh(variant, "14.00")
    price_approvals.approve(hold=PriceHold.objects.get(), actor="ann", now=LATER)

    listing = refresh(variant, "14.00", now=LATER + timedelta(hours=1))

    assert listing.price_amount == Decimal("28.99")
    assert PriceHold.objects.filter(status="open").count() == 0


def test_a_lost_price_is_still_compared_with_the_last_published_one(variant):
    refresh(variant, "30.00")

    listing = refresh(variant, "31.00")

    assert listing.price_amount is None
    assert PriceHold.objects.get(status="open").old_amount == Decimal("21.99")


def test_a_cost_that_returns_supersedes_the_hold(variant):
    refresh(variant, "30.00")

    listing = refresh(variant, "10.00")

    assert (listing.price_amount, listing.is_published) == (Decimal("21.99"), True)
    assert PriceHold.objects.get().status == "superseded"


def test_a_rejected_proposal_is_not_held_again_but_another_is(variant):
    refresh(variant, "14.00")
    price_approvals.reject(hold=PriceHold.objects.get(), actor="ann", now=LATER)

    refresh(variant, "14.00")
    assert PriceHold.objects.filter(status="open").count() == 0
    listing = refresh(variant, "15.00")

    assert listing.price_amount == Decimal("21.99")
    assert PriceHold.objects.get(status="open").proposed_amount == Decimal("30.99")


def test_a_rejection_is_undone_unless_there_is_a_newer_proposal(variant):
    refresh(variant, "14.00")
    hold = PriceHold.objects.get()
    price_approvals.reject(hold=hold, actor="ann", now=LATER)

    price_approvals.reopen(hold=hold, actor="bob", now=LATER)
    assert (hold.status, hold.decided_by) == ("open", "")
    with pytest.raises(ConcurrentUpdateError):
        price_approvals.reopen(hold=hold, actor="bob", now=LATER)

    price_approvals.reject(hold=hold, actor="ann", now=LATER)
    refresh(variant, "15.00")
    with pytest.raises(ConcurrentUpdateError):
        price_approvals.reopen(hold=hold, actor="bob", now=LATER)
    PriceHold.objects.get(status="open").move("superseded", at=LATER)
    with pytest.raises(ConcurrentUpdateError):
        price_approvals.reopen(hold=hold, actor="bob", now=LATER)


def test_a_price_that_breaks_map_or_cost_cannot_be_approved(variant):
    refresh(variant, "10.00", msrp_amount=Decimal("11.00"))
    hold = PriceHold.objects.get()

    with pytest.raises(price_approvals.CannotApproveError):
        price_approvals.approve(hold=hold, actor="ann", now=LATER)

    assert hold.reason == "floor_above_msrp"
    assert Listing.objects.get().price_amount is None


def test_a_proposal_that_changed_since_it_was_shown_is_not_approved(variant):
    refresh(variant, "14.00")
    seen = PriceHold.objects.get()
    refresh(variant, "15.00")

    with pytest.raises(ConcurrentUpdateError):
        price_approvals.approve(hold=seen, actor="ann", now=LATER)

    assert Listing.objects.get().price_amount == Decimal("21.99")
    assert PriceHold.objects.get().status == "open"


def test_many_small_changes_in_a_day_count_as_one(variant):
    open_book(3, max_change_per_run="0.20", max_change_per_day="0.30")
    first = refresh(variant, "12.50")
    second = refresh(variant, "14.50", now=LATER + timedelta(hours=1))

    assert (first.price_amount, second.price_amount) == (Decimal("25.99"), Decimal("25.99"))
    assert PriceHold.objects.get().reason == "moved_too_far_today"

    third = refresh(variant, "14.50", now=LATER + timedelta(hours=25))

    assert third.price_amount == Decimal("29.99")
    assert PriceHold.objects.get().status == "superseded"


def test_losing_the_price_does_not_bypass_the_daily_limit(variant):
    open_book(3, max_change_per_day="0.20")
    at = LATER
    for cost in ("11.50", "13.50", "16.00"):
        at += timedelta(hours=1)
        lost = ListingSupply(variant_id=variant.pk, cost=None, available=0, ships_from={}, as_of=at)
        listing_refresh.refresh_listings(channel=make_channel(), supplies=[lost], now=at)
        listing = refresh(variant, cost, now=at + timedelta(minutes=1))

    assert listing.price_amount is None or listing.price_amount <= Decimal("21.99") * Decimal("1.2")
    assert PriceHold.objects.get(status="open").reason == "moved_too_far_today"


@pytest.fixture
def floor(variant):
    """Let the live book require a margin of 25 % and stop changes above 10 %."""
    open_book(4, floor_margin_rate="0.25", max_change_per_run="0.10")


def test_a_stopped_price_is_not_sold_below_the_minimum_margin(variant, floor):
    listing = refresh(variant, "14.50")

    hold = PriceHold.objects.get()
    assert (listing.price_amount, listing.is_published, hold.is_off_sale) == (None, False, True)
    assert "Unavailable: the current price 21.99 is below" in hold.sentence


def test_a_held_price_says_that_the_current_one_would_sell_at_a_loss(variant):
    refresh(variant, "40.00")

    hold = PriceHold.objects.get()
    assert hold.is_off_sale
    assert "the current price 21.99 would sell at a loss. It covers the cost from" in hold.sentence
    assert hold.breakdown["figures"]["break_even"] in hold.sentence


def test_staff_may_keep_the_current_price_until_the_figures_change(variant, floor):
    refresh(variant, "14.50")
    price_approvals.keep_current_price(
        hold=PriceHold.objects.get(), actor="ann", reason="A fair in May.", now=LATER
    )

    listing = refresh(variant, "14.50", now=LATER + timedelta(hours=1))
    notes = {
        step.code: step.note for step in price_explanation.explain(listing=listing, now=LATER).steps
    }

    assert (listing.price_amount, listing.is_published) == (Decimal("21.99"), True)
    assert notes["kept_by_staff"] == "ann: A fair in May."
    assert not PriceHold.objects.filter(status="open").exists()

    dearer = refresh(variant, "15.00", now=LATER + timedelta(hours=2))

    assert dearer.price_amount is None
    assert PriceHold.objects.get(status="open").is_off_sale


def test_a_price_below_cost_cannot_be_kept(variant, floor):
    refresh(variant, "30.00")

    with pytest.raises(price_approvals.CannotApproveError):
        price_approvals.keep_current_price(
            hold=PriceHold.objects.get(), actor="ann", reason="Why not.", now=LATER
        )


def test_an_old_proposal_below_todays_minimum_margin_is_not_approved(variant):
    refresh(variant, "20.00")
    hold = PriceHold.objects.get()
    open_book(3, floor_margin_rate="0.50")

    with pytest.raises(price_approvals.CannotApproveError):
        price_approvals.approve(hold=hold, actor="ann", now=LATER)

    assert PriceHold.objects.get().status == "open"


@pytest.mark.parametrize(("cost", "is_sold"), [("500.00", True), ("888888.00", False)])
def test_an_absurd_first_price_is_held(cost, is_sold):
    make_price_rule()
    open_book(2)

    listing = refresh(make_variant(), cost, now=NOON)

    assert (listing.is_published, listing.price_amount is not None) == (is_sold, is_sold)
    reasons = [hold.reason for hold in PriceHold.objects.all()]
    assert reasons == ([] if is_sold else ["first_too_high"])


def test_an_approved_first_price_is_sold_and_stays():
    make_price_rule()
    open_book(2)
    variant = make_variant()
    refresh(variant, "2000.00", now=NOON)
    hold = PriceHold.objects.get()
    assert "above 1500.00, the usual maximum of this category" in hold.sentence

    price_approvals.approve(hold=hold, actor="ada", now=LATER)
    listing = refresh(variant, "2000.00")

    assert (listing.price_amount, listing.is_published) == (hold.proposed_amount, True)
    assert not PriceHold.objects.filter(status="open").exists()
