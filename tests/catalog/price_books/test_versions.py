from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from catalog.listings import price_approvals, refresh, repricing
from catalog.models import (
    Channel,
    ExchangeRate,
    Listing,
    PriceBook,
    PriceChange,
    PriceHold,
    PriceRule,
    ProductCard,
)
from catalog.price_books import dry_run, versions
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.catalog import (
    NOON,
    make_category,
    make_channel,
    make_exchange_rate,
    make_price_rule,
)
from tests.factories.priced_shop import (
    drafted,
    open_and_reprice,
    prices,
    ready,
    stock_shop,
    supplied,
)
from tests.factories.pricing import make_price_book, make_rule, make_terms

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_draft_starts_as_a_copy_of_the_live_book():
    make_price_rule()
    book = versions.create_draft(channel=make_channel(), actor="ann", now=NOON)

    rule = book.rules.get()
    assert (book.version, book.status, book.created_by) == (2, "draft", "ann")
    assert (rule.value, rule.ending, rule.number) == (Decimal("0.3"), Decimal("0.99"), 1)


def test_a_live_book_reprices_everything_and_is_recorded_on_each_price():
    one, two = stock_shop("10.00", "20.00")
    book = drafted()

    done = open_and_reprice(book, NOON + DAY)

    assert prices() == [Decimal("25.99"), Decimal("45.99")]
    assert done["shop"].changed == 2
    change = PriceChange.objects.filter(listing=one).latest("pk")
    assert (change.old_amount, change.amount) == (Decimal("21.99"), Decimal("25.99"))
    assert change.rule.book == book
    assert change.breakdown["supplier"] == "cj"
    assert ["price", "25.99", ""] in change.breakdown["steps"]
    assert ProductCard.objects.get(product=two.variant.product).price_amount == Decimal("45.99")
    assert list(PriceBook.objects.order_by("pk").values_list("status", flat=True)) == [
        "retired",
        "live",
    ]


def test_a_book_without_a_dry_run_cannot_go_live():
    stock_shop("10.00")
    book = drafted()

    with pytest.raises(versions.NotReadyError):
        versions.publish(book=book, actor="ann", now=NOON)
    ready(book)
    versions.clear_dry_run(book=book)
    with pytest.raises(versions.NotReadyError):
        versions.publish(book=book, actor="ann", now=NOON)

    assert PriceBook.objects.get(status="live").version == 1


def test_a_dry_run_of_a_draft_changed_meanwhile_is_not_stored(monkeypatch):
    stock_shop("10.00")
    book = drafted()
    effects = dry_run.simulate

    def changed_meanwhile(**known):
        versions.clear_dry_run(book=book)
        yield from effects(**known)

    monkeypatch.setattr(dry_run, "simulate", changed_meanwhile)
    dry_run.run(book=book, now=NOON)

    book.refresh_from_db()
    assert book.dry_run_at is None


@pytest.mark.parametrize(
    ("change", "hours", "words"),
    [
        (lambda: None, 25, "more than 24 hours old: start a new dry run"),
        (lambda: make_terms(channel=make_channel(), handling_amount="3.00"), 1, "selling costs"),
        (lambda: ExchangeRate.objects.filter(base="USD").update(rate="0.95"), 1, "Exchange rates"),
        (lambda: Channel.objects.update(countries=["AZ"]), 1, "start a new dry run"),
        (lambda: open_and_reprice(drafted("0.50")), 1, "live rules"),
        (lambda: ExchangeRate.objects.filter(base="GBP").update(rate="1.30"), 1, ""),
        (lambda: None, 24, ""),
    ],
)
def test_a_book_goes_live_only_with_a_current_dry_run(change, hours, words):
    stock_shop("10.00")
    Listing.objects.update(wholesale_currency="USD")
    for base in ("USD", "GBP"):  # nothing is bought in pounds
        make_exchange_rate(base=base)
    book = ready(drafted())
    change()

    def open_it():
        versions.publish(book=book, actor="ann", now=NOON + timedelta(hours=hours))

    if words:
        with pytest.raises(versions.NotReadyError, match=words):
            open_it()
    else:
        open_it()
    assert PriceBook.objects.get(pk=book.pk).status == ("draft" if words else "live")


def test_a_dry_run_includes_each_start_and_end_of_a_timed_rule():
    stock_shop("10.00", "20.00")
    book = drafted("0.30", max_change_per_day=Decimal("0.30"))
    begins, ends = NOON + DAY, NOON + 3 * DAY
    make_rule(book, number=2, value="0.10", starts_at=begins, ends_at=ends)
    make_rule(book, number=3, value="0.05", starts_at=NOON - DAY, ends_at=NOON)  # already over
    variant = Listing.objects.order_by("pk").first().variant
    last = begins + timedelta(hours=1)
    make_rule(book, number=4, value="0.45", variant=variant, starts_at=last)

    found = dry_run.run(book=book, now=NOON)
    rows = list(dry_run.export_rows(book=book, now=NOON))
    said = [(each["at"], each["counts"]) for each in found["later"]]
    book.refresh_from_db()

    assert found["counts"] == {"variants": 2, "same": 2, "off_sale": 0}
    assert [at for at, _ in said] == [each.isoformat() for each in (begins, last, ends)]
    assert said[0][1] == {"variants": 2, "down": 2, "off_sale": 0}
    # One price rises by 65 % in an hour, but only by 27 % from the price of a day before.
    assert said[1][1] == {"variants": 2, "up": 1, "same": 1, "off_sale": 0}
    assert said[2][1] == {"variants": 2, "up": 1, "same": 1, "off_sale": 0}
    assert [row[2:4] for row in rows if row[-1] == begins.isoformat(timespec="minutes")] == [
        ("21.99", "16.99"),
        ("39.99", "30.99"),
    ]
    assert book.dry_run_result["later"] == found["later"]
    open_and_reprice(book)
    repricing.reprice_due_channels(now=begins)
    assert prices() == [Decimal("16.99"), Decimal("30.99")]


def test_a_live_book_never_changes_even_in_sql():
    rule = make_price_rule()

    def refused(act):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()

    refused(lambda: PriceRule.objects.filter(pk=rule.pk).update(value=0))
    refused(lambda: make_rule(rule.book, number=2))
    refused(lambda: PriceRule.objects.filter(pk=rule.pk).delete())
    refused(lambda: PriceBook.objects.filter(pk=rule.book_id).update(floor_margin_rate=0.5))
    refused(lambda: make_price_book(channel=make_channel(), version=1))
    twin = make_price_book(channel=make_channel(), version=2)
    refused(lambda: PriceBook.objects.filter(pk=twin.pk).update(status="live", live_at=NOON))


def test_a_live_book_cannot_go_live_again():
    book = make_price_rule().book

    with pytest.raises(InvalidTransitionError):
        versions.publish(book=book, actor="ann", now=NOON)


def test_going_live_does_what_the_dry_run_predicted():
    stock_shop("1.00", "10.00", "20.00", "100.00", "500.00")
    Listing.objects.filter(pk=Listing.objects.first().pk).update(msrp_amount=Decimal("3.00"))
    book = drafted("0.45", floor_margin_rate=Decimal("0.10"), max_change_per_run=Decimal("0.26"))
    make_rule(book, number=2, value="0.05", category=make_category())

    said = {
        effect.listing_id: (effect.after, effect.outcome)
        for effect in dry_run.simulate(book=book, now=NOON)
    }
    found = dry_run.run(book=book, now=NOON)
    open_and_reprice(book)

    assert {pk: after for pk, (after, _) in said.items()} == dict(
        Listing.objects.values_list("pk", "price_amount")
    )
    stopped = {
        listing_id: f"blocked_{reason}"
        for listing_id, reason in PriceHold.objects.values_list("listing_id", "reason")
    }
    assert stopped == {
        pk: outcome for pk, (_, outcome) in said.items() if outcome.startswith("blocked_")
    }
    assert found["counts"]["variants"] == 5
    assert found["counts"]["stopped"] == len(stopped) > 0
    assert Decimal(found["margin_after"]) < Decimal(found["margin_before"])


def test_a_dry_run_writes_no_price_and_lists_the_largest_change_first():
    stock_shop("1.00", "100.00")
    before = prices()
    book = drafted("0.60")

    found = dry_run.run(book=book, now=NOON)
    rows = list(dry_run.export_rows(book=book, now=NOON))

    moves = [Decimal(row[5]) for row in found["largest"]]
    assert moves == sorted(moves, reverse=True)
    assert len(moves) == 2
    assert rows[0] == dry_run.HEADINGS
    assert len(rows) == 3
    assert prices() == before
    assert not PriceHold.objects.exists()


def test_a_rollback_restores_the_exact_prices():
    stock_shop("1.00", "10.00", "20.00")
    before = prices()
    first = PriceBook.objects.get()
    book = drafted("0.60")
    open_and_reprice(book, NOON + DAY)
    limited = drafted(
        "0.60", max_change_per_run=Decimal("0.05"), max_change_per_day=Decimal("0.05")
    )
    open_and_reprice(limited, NOON + 2 * DAY)
    assert all(now > then for now, then in zip(prices(), before, strict=True))

    back = versions.restore(book=first, actor="ann", now=NOON + 3 * DAY)
    repricing.reprice_due_channels(now=NOON + 3 * DAY)

    assert prices() == before
    assert (back.version, back.restored_from, back.status) == (4, first, "live")
    assert not PriceHold.objects.exists()
    with pytest.raises(versions.NotReadyError):
        versions.restore(book=back, actor="ann", now=NOON + 3 * DAY)


def test_a_restored_book_restores_its_prices_and_holds_changed_ones():
    one, two = stock_shop("10.00", "10.00")
    guarded = drafted("0.30", max_change_per_run=Decimal("0.05"))
    open_and_reprice(guarded, NOON + DAY)
    book = drafted("0.60", max_change_per_run=None)
    open_and_reprice(book, NOON + 2 * DAY)
    Listing.objects.filter(pk=two.pk).update(wholesale_amount=Decimal("5.00"))

    versions.restore(book=guarded, actor="ann", now=NOON + 3 * DAY)
    repricing.reprice_due_channels(now=NOON + 3 * DAY)

    assert Listing.objects.get(pk=one.pk).price_amount == Decimal("21.99")
    assert PriceHold.objects.get().listing_id == two.pk


def test_a_restored_book_is_guarded_once_its_prices_are_back():
    (listing,) = stock_shop("10.00")
    guarded = drafted("0.30", max_change_per_run=Decimal("0.10"))
    open_and_reprice(guarded, NOON + HOUR)

    def report_cost(cost, *, at):
        supply = supplied(listing.variant, cost)
        refresh.refresh_listings(channel=make_channel(), supplies=[supply], now=at)
        return PriceHold.objects.filter(status="open").first()

    # The history has a high price and the return from it; staff approved both.
    for cost, hour in (("30.00", 2), ("10.00", 3)):
        hold = report_cost(cost, at=NOON + hour * HOUR)
        price_approvals.approve(hold=hold, actor="ann", now=NOON + hour * HOUR)
    open_and_reprice(drafted("0.60"), NOON + DAY)
    guarded.refresh_from_db()
    versions.restore(book=guarded, actor="ann", now=NOON + 2 * DAY)
    repricing.reprice_due_channels(now=NOON + 2 * DAY)
    assert prices() == [Decimal("21.99")]

    # Much later the supplier's file has a wrong cost.
    hold = report_cost("30.00", at=NOON + 60 * DAY)

    assert (hold.reason, hold.proposed_amount) == ("moved_too_far", Decimal("56.99"))
