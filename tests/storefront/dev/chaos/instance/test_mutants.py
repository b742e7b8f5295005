"""Mutants replace what they are meant to, are taken off again, and never serve production."""

from __future__ import annotations

from decimal import Decimal
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured

from orders.inventory import reservations
from orders.purchasing import submission, submission_lookup
from storefront.dev.chaos import mutation_tests
from storefront.dev.chaos.checker import checks
from storefront.dev.chaos.checker.checks import Violation
from storefront.dev.chaos.instance import mutants
from storefront.dev.chaos.observations.history import Purchase
from storefront.dev.chaos.plan import Way, Wish
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.inventory import ledger


def test_each_has_its_story():
    assert len(mutants.MUTANTS) >= 8
    assert set(mutation_tests.STORIES) == set(mutants.MUTANTS)


def test_each_breaks_its_promises_and_is_caught_by_no_other():
    for name, story in mutation_tests.STORIES.items():
        assert story.expects, name
        assert story.expects <= checks.PROMISES.keys(), name
        others = [broken(promise) for promise in checks.PROMISES.keys() - story.expects]
        assert not mutation_tests.is_caught(story, others)
        for promise in story.expects:
            assert mutation_tests.is_caught(story, [broken(promise)])


def broken(promise):
    return Violation(promise=promise, count=1, examples=["one"])


def test_the_rush_is_played_with_nobody_too():
    rushes = [story for story in mutation_tests.controls() if story.is_rush]

    assert rushes == [story for story in mutation_tests.STORIES.values() if story.is_rush]
    assert len(mutation_tests.controls()) == len(rushes) + 1


def test_a_name_of_nobody_is_no_success():
    said = []

    ended = mutation_tests.catch_all(None, only="flaot", folder=None, say=said.append, began=0)

    assert ended == 1
    assert "float money" in said[0]


def test_production_has_none(settings):
    settings.IS_PRODUCTION = True

    with pytest.raises(ImproperlyConfigured):
        mutants.put_on("float money")

    assert Money(Decimal("41.23"), "EUR").minor == 4123


def test_a_mutant_is_worn_and_taken_off():
    hold = ledger.hold

    with mutants.worn("stock read, then written"):
        assert reservations.ledger.hold is not hold
    with mutants.worn("float money"):
        assert Money(Decimal("41.23"), "EUR").minor == 4122

    assert reservations.ledger.hold is hold
    assert Money(Decimal("41.23"), "EUR").minor == 4123


def test_what_has_no_answer_is_sent_again_only_by_the_mutant():
    asked = []

    class Deaf:
        """Takes an order, and does not say so."""

        def place(self, request):
            asked.append(request)
            raise TemporaryError("no answer", may_have_happened=True)

    with (
        mutants.worn("sends again without looking"),
        mock.patch.object(submission_lookup, "unknown") as unknown,
    ):
        submission._place(None, "request", Deaf(), lambda: None)

    assert asked == ["request"] * 2
    assert unknown.call_count == 1


def test_no_mutant_is_nothing():
    with mutants.worn(""):
        assert Money(Decimal("41.23"), "EUR").minor == 4123


def test_a_supplier_who_loses_answers_is_not_healed_before_he_is_asked():
    for story in mutation_tests.STORIES.values():
        if mutation_tests.LOSES_ANSWERS in story.blows:
            assert max(blow.at_s for blow in story.blows) >= 5


def test_joined_stories_strike_in_their_order():
    times = [blow.at_s for blow in mutation_tests.controls()[-1].blows]

    assert times == sorted(times)


def test_who_was_led_to_pay_for_what_is_not_there_counts_though_his_money_went_back():
    def shopper(*, goods, payment):
        wish = Wish(goods=goods, way=Way.PAYS)
        return Purchase(wish=wish, phase="story", payment=payment, number=f"FL-{payment}")

    some = [shopper(goods=0, payment=name) for name in ("a", "", "b", "c")]
    others = [shopper(goods=1, payment="d")]

    assert checks.held_too_often([*some, *others], stock=3) == []
    (found,) = checks.held_too_often([*some, *others], stock=2)
    assert (found.promise, found.count) == (checks.SOLD, 1)
    assert "FL-c was led to pay" in found.words
