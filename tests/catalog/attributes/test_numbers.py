from decimal import Decimal

import pytest

from catalog.attributes.numbers import UnreadableError, parse_decimal


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("0.218", "", "0.218"),
        ("0,218", "", "0.218"),
        ("0,218", ".", "0.218"),
        ("0.218", ",", "0.218"),
        ("0,99", ".", "0.99"),
        ("1,234", "", "1234"),
        ("1.234,5", "", "1234.5"),
        ("75,5", "", "75.5"),
        ("2,3045", "", "2.3045"),
        ("2,304", ",", "2.304"),
        ("2.304", ".", "2.304"),
        ("2.304", ",", "2304"),
        ("1 200", "", "1200"),
        ("1'200", "", "1200"),
    ],
)
def test_a_number_is_parsed_by_its_own_marks_or_the_mark_of_the_file(text, mark, value):
    assert parse_decimal(text, mark=mark) == Decimal(value)


@pytest.mark.parametrize(("text", "mark"), [("1.234", ""), ("12,34", "."), ("1,2,3", "")])
def test_an_ambiguous_number_is_rejected(text, mark):
    with pytest.raises(UnreadableError):
        parse_decimal(text, mark=mark)
