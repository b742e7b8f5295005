from dataclasses import replace

import pytest

from orders.addresses import verification
from orders.addresses.validation import find_errors
from tests.factories.orders import HOME


def test_a_complete_address_has_no_errors():
    assert find_errors(address=HOME) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("line1", ""),
        ("city", ""),
        ("postcode", ""),
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
def test_an_invalid_field_has_a_message(field, value):
    found = find_errors(address=replace(HOME, **{field: value}))

    assert list(found) == [field]
    assert str(found[field]).endswith(".")


@pytest.mark.parametrize(
    "phone",
    ["", " ", "110 112", "+49 30 1234567", "(012) 345-67-89", "030/12.34.56", "+994501234567"],
)
def test_a_phone_number_is_optional_and_may_be_formatted(phone):
    assert find_errors(address=replace(HOME, phone=phone)) == {}


def test_an_azerbaijani_address_needs_no_state():
    baku = replace(HOME, country="AZ", city="Bakı", postcode="AZ1000", line1="Nizami küçəsi 1")

    assert find_errors(address=baku) == {}


def test_a_latvian_postcode_is_valid_with_and_without_its_prefix():
    riga = replace(HOME, country="LV", city="Rīga", postcode="LV-1010", line1="Brīvības iela 1")

    assert find_errors(address=riga) == {}
    assert verification.warnings(riga) == {}
    assert verification.suggestion(replace(riga, postcode="1010")) == riga


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("postcode", "1011"),
        ("line1", "Postfach 12"),
        ("line1", "PO Box 7"),
        ("line1", "P.O. Box 7"),
        ("line2", "Packstation 145"),
    ],
)
def test_a_possibly_valid_field_is_a_warning(field, value):
    doubtful = replace(HOME, **{field: value})

    assert find_errors(address=doubtful) == {}
    assert list(verification.warnings(doubtful)) == [field]


def test_a_street_named_like_a_box_is_no_warning():
    assert verification.warnings(replace(HOME, line1="Boxhagener Straße 7, Postfachweg")) == {}


def test_a_postcode_of_another_region_is_a_warning():
    there = replace(HOME, country="US", region="California", city="Fresno", postcode="10001")

    assert list(verification.warnings(there)) == ["postcode"]
    assert verification.warnings(replace(there, postcode="93650")) == {}


@pytest.mark.parametrize(
    ("country", "written", "usual"),
    [
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("NL", "1234ab", "1234 AB"),
        ("PL", "00950", "00-950"),
        ("PT", "2725079", "2725-079"),
        ("DE", "D-10115", "10115"),
    ],
)
def test_the_usual_form_of_a_postcode_is_suggested(country, written, usual):
    there = replace(HOME, country=country, postcode=written)

    assert verification.warnings(there) == {}
    assert verification.suggestion(there) == replace(there, postcode=usual)
    assert verification.suggestion(replace(there, postcode=usual)) is None


@pytest.mark.parametrize(
    ("country", "written"), [("AZ", "AZ1000"), ("AZ", "1000"), ("SE", "114 55"), ("SE", "11455")]
)
def test_usual_spellings_are_not_changed(country, written):
    there = replace(HOME, country=country, postcode=written)

    assert verification.warnings(there) == {}
    assert verification.suggestion(there) is None


def test_a_province_is_spelled_as_in_the_list():
    there = replace(HOME, country="CA", region="ontario", city="Ottawa", postcode="K1A 0B1")

    assert verification.suggestion(there) == replace(there, region="Ontario")
    assert verification.suggestion(replace(there, region="ON")) is None


def test_a_reason_confirms_the_warnings_of_one_address_only():
    doubtful = replace(HOME, postcode="1011")
    noted = verification.record(doubtful, reason="built last year")

    assert noted["verdict"] == "unverified_accepted"
    assert verification.unconfirmed_warnings(doubtful, noted) == {}
    assert list(verification.unconfirmed_warnings(replace(doubtful, postcode="1012"), noted)) == [
        "postcode"
    ]
    assert verification.anonymized(noted) == {
        "verdict": "unverified_accepted",
        "doubts": ["postcode"],
    }
