import pytest

from orders.numbers import end_of_order_number, normalize_order_number


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


@pytest.mark.parametrize(
    ("spoken", "end"),
    [
        ("S9ne9", "S9NE9"),
        ("9NE9", "9NE9"),
        ("28 s9ne9", "28-S9NE9"),
        ("2B-S9NE9", ""),
        ("9E9", ""),
        ("Erika Muster", ""),
    ],
)
def test_the_end_of_an_order_number_is_read_in_any_spacing(spoken, end):
    assert end_of_order_number(spoken) == end
