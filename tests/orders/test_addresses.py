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
        ("phone", "abc"),
        ("phone", "12345"),
        ("phone", "1234567890123456"),
        ("phone", "0171 x 123456"),
        ("phone", "49+30123456"),
        ("phone", "٠١٢٣٤٥٦٧"),
    ],
)
def test_a_bad_field_is_named_with_a_sentence(field, value):
    found = problems(address=replace(HOME, **{field: value}))

    assert list(found) == [field]
    assert str(found[field]).endswith(".")


@pytest.mark.parametrize(
    "phone",
    ["", " ", "110 112", "+49 30 1234567", "(012) 345-67-89", "030/12.34.56", "+994501234567"],
)
def test_a_phone_number_may_be_left_out_and_written_as_people_write_it(phone):
    assert problems(address=replace(HOME, phone=phone)) == {}


def test_an_azerbaijani_address_needs_no_state():
    baku = replace(HOME, country="AZ", city="Bakı", postcode="AZ1000", line1="Nizami küçəsi 1")

    assert problems(address=baku) == {}
