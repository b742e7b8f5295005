from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.attributes import units as attribute_units
from catalog.attributes.numbers import UnreadableError, narrow


@pytest.mark.parametrize(
    ("text", "units", "amount"),
    [
        ("400 lm", attribute_units.OUTPUT_LM, "400"),
        ("1,000 lumens", attribute_units.OUTPUT_LM, "1000"),
        ("up to 1,200LM (high)", attribute_units.OUTPUT_LM, "1200"),
        ("22 kcd", attribute_units.INTENSITY_CD, "22000"),
        ("approx. 75 g", attribute_units.WEIGHT_G, "75"),
        ("0.21 kg", attribute_units.WEIGHT_G, "210"),
        ("2 oz", attribute_units.WEIGHT_G, "56.69904625"),
        ("328 ft", attribute_units.DISTANCE_M, "99.9744"),
        ("100 yards", attribute_units.DISTANCE_M, "91.44"),
        ("3.1 in", attribute_units.LENGTH_MM, "78.74"),
        ("1.2 Ah", attribute_units.CAPACITY_MAH, "1200"),
        ("6500 K", attribute_units.COLOR_K, "6500"),
        ("1000流明", attribute_units.OUTPUT_LM, "1000"),
        ("200米", attribute_units.DISTANCE_M, "200"),
        ("2600毫安", attribute_units.CAPACITY_MAH, "2600"),
        ("10瓦", attribute_units.POWER_W, "10"),
        ("10瓦时", attribute_units.POWER_W, None),
        ("10瓦时", attribute_units.ENERGY_WH, "10"),
        ("1e3 lm", attribute_units.OUTPUT_LM, "1000"),
        ("1.2E+3 lm", attribute_units.OUTPUT_LM, "1200"),
        ("5e-2 kg", attribute_units.WEIGHT_G, "50"),
        ("1e9.5 lm", attribute_units.OUTPUT_LM, None),
        ("120 MİN", attribute_units.TIME_MIN, "120"),
        ("3.1 ın", attribute_units.LENGTH_MM, "78.74"),
        ("no number", attribute_units.OUTPUT_LM, None),
        ("400 lux", attribute_units.OUTPUT_LM, None),
        ("75", attribute_units.WEIGHT_G, None),
    ],
)
def test_an_amount_is_parsed_with_its_unit(text, units, amount):
    assert attribute_units.parse_quantity(text, units) == (amount and Decimal(amount))


@pytest.mark.parametrize("text", ["1000*2 lm", "2 x 500 lm", "2×500流明"])
def test_a_product_of_lumens_is_rejected(text):
    with pytest.raises(UnreadableError):
        attribute_units.parse_quantity(text, attribute_units.OUTPUT_LM)


@pytest.mark.parametrize(
    "text",
    ["110-140 g", "110 g to 140 g", "110 – 140 g", "1.000 g", "75 g, 80 g", "12e3 g", "1e999 g",
     "75/80 g", "75 g (3 oz)"],
)  # fmt: skip
def test_an_ambiguous_or_absurd_amount_is_rejected(text):
    with pytest.raises(UnreadableError):
        attribute_units.parse_quantity(text, attribute_units.WEIGHT_G)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("3.5 h", "210"),
        ("150 min", "150"),
        ("2 h 30 min", "150"),
        ("2h30", "150"),
        ("2 days", "2880"),
        ("8-12 h", UnreadableError),
        ("long", None),
    ],
)
def test_a_run_time_is_parsed_in_minutes(text, minutes):
    if minutes is UnreadableError:
        with pytest.raises(UnreadableError):
            attribute_units.parse_duration_min(text)
    else:
        assert attribute_units.parse_duration_min(text) == (minutes and Decimal(minutes))


@pytest.mark.parametrize(
    ("text", "millimeters"),
    [
        ("65 x 42 x 38 mm", "65"),
        ("42 × 65 × 38 mm", "65"),
        ("Ø 25 × 130 mm", "130"),
        ("6.5 cm", "65"),
        ("5.1 in", "129.54"),
        ("65 x 42", None),
    ],
)
def test_the_longest_side_is_the_length(text, millimeters):
    assert attribute_units.parse_longest_side_mm(text) == (millimeters and Decimal(millimeters))


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("IPX4", "IPX4"),
        ("ip 68 (2 m)", "IP68"),
        ("IP66/IP68", "IP66/8"),
        ("IP69K", "IP69K"),
        ("IP69, ip 69k", "IP69K"),
        ("IPX9K and IPX8", "IPX9K/8"),
        ("IP69", "IP69"),
        ("IP68K", "IP68"),
        ("IPX6 and IPX7", "IPX6/7"),
        ("waterproof", ""),
        ("none", "none"),
        ("SHIP 44", ""),
    ],
)
def test_only_a_coded_rating_counts(text, rating):
    assert attribute_units.parse_ip_rating(text) == rating


TABLES = (
    attribute_units.OUTPUT_LM, attribute_units.INTENSITY_CD, attribute_units.WEIGHT_G,
    attribute_units.DISTANCE_M, attribute_units.CAPACITY_MAH, attribute_units.POWER_W,
    attribute_units.ENERGY_WH, attribute_units.COLOR_K,
)  # fmt: skip
AMOUNTS = st.decimals(min_value=0, max_value=10**7, places=2, allow_nan=False)
WIDE = str.maketrans({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


@given(AMOUNTS, st.sampled_from(TABLES), st.sampled_from(".,"), st.booleans(), st.data())
def test_an_amount_is_the_same_in_each_notation(amount, units, mark, is_grouped, data):
    unit = data.draw(st.sampled_from(sorted(units)))
    number = f"{amount:,.2f}" if is_grouped else f"{amount:.2f}"
    if mark == ",":
        number = number.translate(str.maketrans(".,", ",."))

    for text in (f"{number} {unit}", f"{number}{unit}", f"about {number} {unit.upper()} max"):
        assert attribute_units.parse_quantity(text, units, mark=mark) == amount * units[unit]


@given(AMOUNTS, st.sampled_from(["Output (lm)", "Output, lm", "Output [LM]", "Lumens (max)"]))
def test_a_heading_gives_its_unit_to_a_bare_number(amount, heading):
    for text in (f"{amount:f}", f"{amount:f}".translate(WIDE), f"~{amount:f}"):
        with_unit = attribute_units.with_heading_unit(text, heading=heading)
        read = attribute_units.parse_quantity(
            narrow(with_unit), attribute_units.OUTPUT_LM, mark="."
        )
        assert read == amount


@given(st.text(st.sampled_from("0123456789.,-–~/ xX*lmkghWAh约克流明\uff10\uff11"), max_size=30))
def test_any_text_is_read_or_rejected(text):
    heading = attribute_units.with_heading_unit(text, heading="Output (lm)")
    for parse in (
        lambda: attribute_units.parse_quantities(heading, attribute_units.OUTPUT_LM),
        lambda: [attribute_units.parse_duration_min(heading)],
        lambda: [attribute_units.parse_longest_side_mm(heading)],
    ):
        with suppress(UnreadableError):
            assert all(amount is None or amount >= 0 for amount in parse())


@given(AMOUNTS, AMOUNTS, st.sampled_from(["-", " - ", "–", " to ", "~", " bis "]))
def test_a_range_is_never_one_amount(least, most, sign):
    with pytest.raises(UnreadableError):
        attribute_units.parse_quantity(f"{least}{sign}{most} g", attribute_units.WEIGHT_G, mark=".")
