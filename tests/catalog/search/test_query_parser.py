from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search.filters import ANY_RANGE, ProductFilter
from catalog.search.query_parser import MAX_TERMS, convert_prices, is_wordless, parse, split_terms
from storefront.lib.text import fold


def asked(words):
    return parse(ProductFilter(search_text=words))


@pytest.mark.parametrize(
    ("words", "left", "found"),
    [
        ("headlamp under 100g", "headlamp", {"weight_g": (None, Decimal(100))}),
        ("headlamp 100 g", "headlamp", {"weight_g": (None, Decimal(100))}),
        ("lamp over 1,000 lm", "lamp", {"lumens": (Decimal(1000), None)}),
        ("1000 lumens lamp", "lamp", {"lumens": (Decimal(1000), None)}),
        ("under €50", "", {"price": (None, Decimal(50))}),
        ("Kömürçü FƏNƏRİ under 90 g", "Kömürçü FƏNƏRİ", {"weight_g": (None, Decimal(90))}),
        ("lantern less than 29.90 euros", "lantern", {"price": (None, Decimal("29.90"))}),
        ("lamp under 50", "lamp", {"price": (None, Decimal(50))}),
        ("lamp at least 10 h", "lamp", {"runtime_h": (Decimal(10), None)}),
        ("under 3 oz", "", {"weight_g": (None, Decimal(85))}),
        ("fənər 100 qram qədər", "fənər", {"weight_g": (None, Decimal(100))}),
        ("1000 lümendən çox", "", {"lumens": (Decimal(1000), None)}),
        ("18650 usb-c headlamp", "headlamp", {"power": {"18650", "usb_c"}}),
        ("USB C torch", "torch", {"power": {"usb_c"}}),
        ("waterproof lamp", "lamp", {"water": {"splash"}}),
        ("IPX8 torch", "torch", {"water": {"submersible"}}),
        ("IP69K torch", "torch", {"water": {"jets"}}),
        ("magnetic work light", "work light", {"features": {"magnet"}}),
        ("red light headlamp", "headlamp", {"features": {"red_light"}}),
        ("Heron 1300", "Heron 1300", {}),
        ("in stock lantern", "lantern", {"in_stock": True}),
        ("TW-18650 cell", "TW-18650 cell", {"power": frozenset()}),
        ("lantern 300-500 lm", "lantern", {"lumens": (Decimal(300), Decimal(500))}),
        ("lantern from 300 to 500 lm", "lantern", {"lumens": (Decimal(300), Decimal(500))}),
        ("lantern 1-2 kg", "lantern", {"weight_g": (Decimal(1000), Decimal(2000))}),
        ("lamp 500 lumens or more", "lamp", {"lumens": (Decimal(500), None)}),
        ("500 lümen və daha çox", "", {"lumens": (Decimal(500), None)}),
        ("50 manatdan baha olan fənər", "olan fənər", {"price": (Decimal(50), None)}),
        ("50 AZN-dən ucuz fənər", "fənər", {"price": (None, Decimal(50))}),
        ("lamp 200 m", "lamp", {"beam_m": (Decimal(200), None)}),
        ("brightest headlamp", "headlamp", {"sort": "lumens"}),
        ("ucuz fənər", "fənər", {"sort": "price"}),
        ("maqnitli iş işığı", "iş işığı", {"features": {"magnet"}}),
        ("qirmizi isiqli fener", "fener", {"features": {"red_light"}}),
        (
            "100 qramdan yüngül usb-c baş fənəri",
            "baş fənəri",
            {"weight_g": (None, Decimal(100)), "power": {"usb_c"}},
        ),
    ],
)
def test_recognized_words_become_filters(words, left, found):
    query = asked(words)

    assert query.search_text == left
    assert {name: getattr(query, name) for name in found} == found
    if "price" not in found:
        assert query.price == ANY_RANGE


@pytest.mark.parametrize(
    ("words", "searched"),
    [
        ("30 manata qədər fənər", " 15.00 eur qədər fənər"),
        ("20-40 AZN-dən lampa", "10.00-20.00  eur-dən lampa"),
        ("under $30 lamp", "lamp"),  # no rate
        ("lamp 20-40 usd or 30 manat", "lamp or 15.00 eur"),
        ("lamp under 30 eur", "lamp under 30 eur"),
    ],
)
def test_prices_in_other_currencies_are_converted(words, searched):
    rates = {"AZN": Decimal("0.5")}

    text, converted = convert_prices(words, currency="EUR", rate_of=rates.get)

    assert " ".join(text.split()) == " ".join(searched.split())
    assert bool(converted) == (text != words)


def test_chosen_filters_stay_beside_those_in_the_text():
    query = parse(ProductFilter(search_text="18650 lamp", power=frozenset({"aa"})))

    assert query.power == {"aa", "18650"}


def test_a_chosen_sort_order_stays():
    assert parse(ProductFilter(search_text="cheap lamp", sort="weight")).sort == "weight"


def test_parsing_is_idempotent():
    once = asked("18650 usb-c headlamp under 100g")

    assert parse(once) == once


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("the lamp for you", ["lamp", "you"]),
        ("HL-7K3Q-X2M9-PB4T", ["hl-7k3q-x2m9-pb4t"]),
        ("'; DROP TABLE -- & | ! ( ) :* <->", ["drop", "table"]),
        ("\0\0", []),
        ("", []),
    ],
)
def test_only_words_become_search_words(words, found):
    assert [term.word for term in split_terms(words)] == found


@pytest.mark.parametrize(
    ("words", "families"),
    [
        ("headlamp strap", {"accessory"}),
        ("strap for a headlamp", {"accessory"}),
        ("baş fənəri üçün kəmər", {"accessory"}),
        ("flashlight with battery", {"flashlight"}),
        ("light for my bike", {"bike_light"}),
        ("baş fənərlərindən", {"headlamp"}),
    ],
)
def test_one_word_names_the_type_of_product(words, families):
    required = [term.meaning for term in split_terms(words) if not term.is_optional]

    assert [meaning.families for meaning in required] == [families]


@pytest.mark.parametrize(
    ("words", "is_expected"),
    [("%", True), ("🔦", True), ("the", True), ("", False), ("lamp %", False), ("18650", False)],
)
def test_a_query_without_words_and_filters_is_wordless(words, is_expected):
    query = ProductFilter(search_text=words, power=frozenset({"18650"}))

    assert is_wordless(query) is is_expected


def test_a_gtin_of_any_length_is_searched_in_14_digits():
    assert "04006381333931" in split_terms("4006381333931")[0].names


@given(st.text(max_size=300))
def test_no_text_raises_an_error(words):
    query = asked(words)

    assert len(split_terms(query.search_text)) <= MAX_TERMS


def test_a_plain_keyboard_finds_azerbaijani_words():
    assert fold("BAŞ FƏNƏRİ") == fold("bas feneri") == "bas feneri"
