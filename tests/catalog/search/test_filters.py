from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from catalog.search.filters import ANY_RANGE, ProductFilter

FULL = (
    "q=trail+lamp&price_min=10&price_max=99.5&lm_min=100&h_max=12&g_max=200"
    "&lm=100-300&lm=300-1000&power=usb_c&power=18650&water=jets&f=magnet,zoom"
    "&brand=Nord&brand=%C3%9Cnal+%26+Co%2C+Ltd.&color=black,red&from=DE&from=CN"
    "&unknown=weight&in_stock=1&sort=weight&page=3"
)


def read(text, category=None):
    return ProductFilter.from_params(QueryDict(text), category)


def test_query_parameters_hold_the_whole_state():
    query = read(FULL, "headlamps")

    assert query == ProductFilter(
        category="headlamps",
        search_text="trail lamp",
        price=(Decimal(10), Decimal("99.5")),
        lumens=(Decimal(100), None),
        runtime_h=(None, Decimal(12)),
        weight_g=(None, Decimal(200)),
        lumens_in=frozenset({"100-300", "300-1000"}),
        power=frozenset({"usb_c", "18650"}),
        water=frozenset({"jets"}),
        features=frozenset({"magnet", "zoom"}),
        brand=frozenset({"Nord", "Ünal & Co, Ltd."}),
        color=frozenset({"black", "red"}),
        origin=frozenset({"DE", "CN"}),
        unknown=frozenset({"weight"}),
        in_stock=True,
        sort="weight",
        page=3,
    )
    assert query.ignored == ()


def test_written_parameters_parse_to_the_same_filter():
    query = read(FULL)
    again = QueryDict(mutable=True)
    for name, value in query.to_params():
        again.appendlist(name, value)

    assert ProductFilter.from_params(again) == query


def test_a_plain_list_has_no_parameters():
    assert read("").to_params() == []
    assert read("page=2&sort=price", "headlamps").is_plain
    assert not read("in_stock=1").is_plain


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("price_min=abc", "price_min"),
        ("price_min=NaN", "price_min"),
        ("price_min=sNaN", "price_min"),
        ("g_max=-5", "g_max"),
        ("g_max=1e99", "g_max"),
        ("lm=17", "lm"),
        ("power=plutonium", "power"),
        ("sort=random()", "sort"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=99999999999999999999", "page"),
        ("page=٣", "page"),
        ("unknown=price", "unknown"),
        ("in_stock=maybe", "in_stock"),
        ("color=plutonium", "color"),
        ("from=Germany", "from"),
        ("from=XX", "from"),
        ("brand=" + "a" * 81, "brand"),
    ],
)
def test_invalid_parameters_are_ignored_and_named(text, ignored):
    query = read(text)

    assert query == ProductFilter()
    assert query.ignored == (ignored,)


def test_valid_values_beside_invalid_ones_count():
    query = read("f=magnet,plutonium&f=zoom")

    assert query.features == {"magnet", "zoom"}
    assert query.ignored == ("f",)


def test_all_brands_of_a_list_can_be_chosen_and_more_are_named():
    query = read("&".join(f"brand=B{number}" for number in range(101)))

    assert len(query.brand) == 100
    assert query.ignored == ("brand",)


def test_a_reversed_range_is_swapped():
    assert read("g_min=200&g_max=50").weight_g == (Decimal(50), Decimal(200))


def test_search_text_is_cut_and_cleaned():
    words = read("q=" + "a" * 50_000).search_text

    assert len(words) == 200
    assert read("q=%00a%0A++b").search_text == "a b"


names = [
    "q",
    "price_min",
    "lm",
    "lm_max",
    "h_min",
    "power",
    "water",
    "f",
    "brand",
    "from",
    "sort",
    "page",
]


@given(st.lists(st.tuples(st.sampled_from(names), st.text(max_size=40)), max_size=12))
def test_no_query_raises_an_error(pairs):
    params = QueryDict(mutable=True)
    for name, value in pairs:
        params.appendlist(name, value)

    query = ProductFilter.from_params(params)

    assert query.page >= 1
    assert query.price == ANY_RANGE or min(end for end in query.price if end is not None) >= 0


def test_each_filter_chip_removes_what_it_shows():
    query = read(FULL)

    for code, value in query.chosen():
        left = query.without(code, value)
        assert (code, value) not in left.chosen()
        assert len(left.chosen()) == len(query.chosen()) - 1
        assert left.page == 1


def test_a_whole_facet_can_be_removed():
    query = read("lm_min=100&lm=100-300&unknown=lumens&f=zoom")

    assert query.without("lumens") == read("f=zoom")
