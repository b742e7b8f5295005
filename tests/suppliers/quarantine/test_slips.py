"""Costs that moved together, and what that looks like."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppliers.quarantine.guards import CostMove, Moves
from suppliers.quarantine.slips import slip

RATES = {"EUR": Decimal("0.92"), "AZN": Decimal("1.70"), "PEG": Decimal("1.00")}
BEFORE = [Decimal(amount) for amount in ("0.49", "3.10", "8.40", "12.99", "105.00", "7.77")]


def moved(factor, *, known=6, before=BEFORE):
    sample = [
        CostMove(
            sku=f"S{place}", before=each, after=(each * Decimal(factor)).quantize(Decimal("0.01"))
        )
        for place, each in enumerate(before)
    ]
    return Moves(known=known, moved=len(sample), jumped=0, sample=sample)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        ("100", "as if they were in cents"),
        ("10", "as if a decimal point had been lost"),
        ("0.01", "as if cents had been taken twice"),
        ("1.19", "as if a tax of 19 % had been added"),
        ("1.2", "as if a tax of 20 % had been added"),
        ("0.8403", "as if a tax of 19 % had been taken out"),
        ("0.925", "as if they were in EUR"),
        ("1.70", "as if they were in AZN"),
        ("1.5", "move by the same factor, 1.5."),
    ],
)
def test_costs_that_moved_by_one_factor_are_recognized(factor, words):
    before = [each * 10 for each in BEFORE]  # a hundredth of a cent is nothing

    assert words in slip(moved(factor, before=before), rates=RATES)


@pytest.mark.parametrize("factor", ["1.03", "1.05", "0.97", "1.001"])
def test_a_supplier_may_raise_all_that_he_sells_a_little(factor):
    assert slip(moved(factor), rates=RATES) == ""


def test_a_few_moves_among_many_costs_are_no_slip():
    assert slip(moved("1.5", known=20), rates=RATES) == ""


def test_moves_by_many_factors_are_no_slip():
    mixed = [
        moved(factor).sample[place]
        for place, factor in enumerate(("1.1", "1.3", "0.9", "2", "1", "1.6"))
    ]

    assert slip(Moves(known=6, moved=6, jumped=0, sample=mixed), rates=RATES) == ""


@given(
    st.lists(st.decimals(min_value=1, max_value=9_000, places=2), min_size=4, max_size=60),
    st.decimals(min_value=2, max_value=900, places=3),
)
def test_any_factor_beyond_a_tenth_is_found_behind_its_rounding(before, factor):
    reason = slip(moved(factor, known=len(before), before=before), rates={})

    assert "by the same factor" in reason
