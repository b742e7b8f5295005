from __future__ import annotations

from dataclasses import replace

import pytest

from orders.addresses import problems
from tests.factories.orders import HOME


def test_a_whole_address_has_no_problems():
    assert problems(address=HOME) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("line1", ""),
        ("city", ""),
        ("postcode", ""),
        ("postcode", "1011"),
        ("country", "XX"),
        ("country", ""),
        ("name", "x" * 51),
        ("line1", "x" * 201),
        ("phone", "1" * 21),
    ],
)
def test_a_bad_field_is_named_with_a_sentence(field, value):
    found = problems(address=replace(HOME, **{field: value}))

    assert list(found) == [field]
    assert str(found[field]).endswith(".")


def test_an_azerbaijani_address_needs_no_state():
    baku = replace(HOME, country="AZ", city="Bakı", postcode="AZ1000", line1="Nizami küçəsi 1")

    assert problems(address=baku) == {}
