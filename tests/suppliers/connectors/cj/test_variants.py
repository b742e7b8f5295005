import pytest

from suppliers.connectors.cj import parsing
from suppliers.connectors.cj.product_details import split_options


@pytest.mark.parametrize(
    ("keys", "names", "expected"),
    [
        (["Black", "Red"], 1, [("Black",), ("Red",)]),
        (["Black-EU", "Red-US"], 2, [("Black", "EU"), ("Red", "US")]),
        (["Army-green"], 1, [("Army-green",)]),
        (["Black-USB-C", "Black-EU"], 2, [("Black", "USB-C"), ("Black", "EU")]),
        (
            ["Army-green-EU", "Black-EU", "Army-green-US", "Black-US"],
            2,
            [("Army-green", "EU"), ("Black", "EU"), ("Army-green", "US"), ("Black", "US")],
        ),
        (["Black-USB-C"], 2, [("Black", "USB-C")]),
        (["Black"], 2, [("Black", "")]),
        (["Black"], 0, [()]),
        ([""], 1, [("",)]),
        (["-".join("abcdefghijklmnop")], 2, [("a", "b-c-d-e-f-g-h-i-j-k-l-m-n-o-p")]),
    ],
)
def test_variant_key_is_split_into_option_values(keys, names, expected):
    assert split_options(keys, names) == expected


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("110.00-140.00", "110.00", "140.00"),
        ("12.30 -- 15.10", "12.30", "15.10"),
        (99, "99", "99"),
        ("-5", "-5", "-5"),
        ("a-b", "None", "None"),
        (None, "None", "None"),
    ],
)
def test_range_has_lowest_and_highest(value, low, high):
    assert tuple(map(str, parsing.lowest_and_highest(value))) == (low, high)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("a", ["a"]),
        ("[broken", ["[broken"]),
        (None, []),
        ([None, " ", 7], ["7"]),
    ],
)
def test_list_may_be_json_in_a_string(value, expected):
    assert parsing.texts(value) == expected
