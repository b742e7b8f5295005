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
    ],
)
def test_an_order_number_is_read_in_any_spacing_with_or_without_fl(written):
    assert normalize_order_number(written) == "FL-261128-S9NE9"
