import pytest

from orders.numbers import normalize_order_number


@pytest.mark.parametrize(
    "written",
    [
        " fl-261128-s9ne9 ",
        "FL 261128 S9NE9",
        "FL261128S9NE9",
        "261128S9NE9",
        "261128 \u2013 s9ne9",
        "fl 26ll28 S9NE9",
    ],
)
def test_an_order_number_is_read_in_any_spacing_with_or_without_fl(written):
    assert normalize_order_number(written) == "FL-261128-S9NE9"


def test_letters_in_the_date_are_read_as_digits():
    assert normalize_order_number("F1-26O1I8-S9NE9") == "FL-260118-S9NE9"
