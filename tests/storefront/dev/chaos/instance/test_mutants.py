"""Mutants: replace the named code, can be removed again, never run in production."""

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
from storefront.dev.chaos.observations.history import CustomerPurchase
from storefront.dev.chaos.plan import PaymentOutcome, PlannedPurchase
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.inventory import ledger


def test_each_mutant_has_a_scenario():
    assert len(mutants.MUTANTS) >= 12
    assert set(mutation_tests.SCENARIOS) == set(mutants.MUTANTS)


def test_mutant_is_caught_only_by_its_promises():
    for name, scenario in mutation_tests.SCENARIOS.items():
        assert scenario.expects, name
        assert scenario.expects <= checks.PROMISES.keys(), name
        others = [broken(promise) for promise in checks.PROMISES.keys() - scenario.expects]
        assert not mutation_tests.is_caught(scenario, others)
        for promise in scenario.expects:
            assert mutation_tests.is_caught(scenario, [broken(promise)])


def broken(promise):
    return Violation(promise=promise, count=1, examples=["one"])


def test_rushes_are_also_run_without_a_mutant():
    scenarios = list(mutation_tests.SCENARIOS.values())
    *controls, joined = mutation_tests.control_scenarios(scenarios)

    rushes = [scenario for scenario in scenarios if scenario.is_rush]
    assert controls == rushes
    assert mutation_tests.control_scenarios(rushes) == rushes
    times = [planned.at_s for planned in joined.planned_faults]
    assert times == sorted(times)


def test_unknown_mutant_name_fails():
    output = []

    ended = mutation_tests.test_mutants(None, only="flaot", folder=None, say=output.append, began=0)

    assert ended == 1
    assert "float money" in output[0]


def test_production_refuses_mutants(settings):
    settings.IS_PRODUCTION = True

    with pytest.raises(ImproperlyConfigured):
        mutants.inject("float money")

    assert Money(Decimal("41.23"), "EUR").minor == 4123


def test_mutant_is_injected_and_removed():
    hold = ledger.reserve

    with mutants.injected("stock read, then written"):
        assert reservations.ledger.reserve is not hold
    with mutants.injected("float money"):
        assert Money(Decimal("41.23"), "EUR").minor == 4116

    assert reservations.ledger.reserve is hold
    assert Money(Decimal("41.23"), "EUR").minor == 4123


def test_only_the_mutant_resends_without_a_lookup():
    asked = []

    class LosesAnswers:
        """A supplier that accepts an order but loses the answer."""

        def place(self, request):
            asked.append(request)
            raise TemporaryError("no answer", is_outcome_unknown=True)

    with (
        mutants.injected("submits again without lookup"),
        mock.patch.object(submission_lookup, "mark_unknown") as unknown,
    ):
        submission._call_supplier(None, "request", LosesAnswers(), lambda: None)

    assert asked == ["request"] * 2
    assert unknown.call_count == 1


def test_scenario_with_lost_answers_lasts_long_enough():
    for scenario in mutation_tests.SCENARIOS.values():
        if mutation_tests.LOST_RESPONSES in scenario.planned_faults:
            assert max(planned.at_s for planned in scenario.planned_faults) >= 5


def test_oversold_payment_counts_despite_its_refund():
    def shopper(*, goods, payment):
        wish = PlannedPurchase(goods=goods, outcome=PaymentOutcome.PAYS)
        return CustomerPurchase(
            planned=wish, phase="scenario", payment=payment, number=f"FL-{payment}"
        )

    some = [shopper(goods=0, payment=name) for name in ("a", "", "b", "c")]
    others = [shopper(goods=1, payment="d")]

    assert checks.find_overselling([*some, *others], stock=3) == []
    (found,) = checks.find_overselling([*some, *others], stock=2)
    assert (found.promise, found.count) == (checks.NOT_OVERSOLD, 1)
    assert "FL-c could pay beyond the stock" in found.words
