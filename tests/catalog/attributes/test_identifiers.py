import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.attributes.identifiers import (
    InvalidGtinError,
    brand_key,
    check_digit,
    gtin14,
    gtin_kind,
    mpn_key,
    split_gtins,
)


@pytest.mark.parametrize(
    ("raw", "padded"),
    [
        ("4006381333931", "04006381333931"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("10614141000415", "10614141000415"),
        ("4 006381-333931", "04006381333931"),
    ],
)
def test_every_gtin_length_is_padded_to_14_digits(raw, padded):
    assert gtin14(raw) == padded


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("4006381333930", "its check digit must be 1"),
        ("400638133393", "its check digit must be"),
        ("123", "3 digits"),
        ("", "characters other than digits"),
        ("40063813339AB", "characters other than digits"),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", "characters other than digits"),
        ("0000000000000", "placeholder"),
    ],
)
def test_an_invalid_gtin_is_rejected_with_a_reason(raw, reason):
    with pytest.raises(InvalidGtinError, match=reason):
        gtin14(raw)


@given(st.text(alphabet="0123456789", min_size=12, max_size=12).filter(lambda body: int(body) > 0))
def test_exactly_one_check_digit_is_valid(body):
    good = []
    for last in "0123456789":
        try:
            good.append(gtin14(body + last))
        except InvalidGtinError:
            continue

    assert good == [f"0{body}{check_digit(body)}"]


def test_spellings_of_a_brand_compare_equal():
    assert brand_key("Fénix-Light") == brand_key("FENIX light") == "fenixlight"


def test_a_part_number_is_unique_within_its_brand():
    assert mpn_key("Northbeam", "HL-65 C") == "northbeam:hl65c"
    assert mpn_key("Lumora", "HL-65 C") != mpn_key("Northbeam", "HL-65 C")


def test_a_cell_holds_several_gtins():
    assert split_gtins(" 4006381333931 ; 036000291452;") == ["4006381333931", "036000291452"]
    assert split_gtins("") == []


@pytest.mark.parametrize(
    ("gtin", "kind"),
    [
        ("04006381333931", "EAN"),
        ("00036000291452", "UPC"),
        ("00000096385074", "EAN-8"),
        ("14006381333938", "GTIN-14"),
    ],
)
def test_a_gtin_is_named_after_its_length(gtin, kind):
    assert gtin_kind(gtin) == kind
