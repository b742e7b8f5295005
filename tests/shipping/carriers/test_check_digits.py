import pytest

from shipping.carriers.check_digits import is_valid


# Numbers from the sources of the rules: worked examples, and parcels that were sent.
@pytest.mark.parametrize(
    ("rule", "checked", "digit"),
    [
        ("gs1", "921239123456781234567", "0"),
        ("gs1", "0034043506135216152", "7"),
        ("gs1", "04144176022896", "4"),
        ("s10", "47312482", "9"),
        ("s10", "12345686", "0"),
        ("s10", "12345689", "5"),
        ("ups", "999AA1012345678", "4"),
        ("ups", "5R8939035756712", "7"),
        ("fedex", "98657878885", "5"),
        ("fedex", "0077901797269", "7"),
        ("mod7", "331881002", "5"),
        ("identcode", "20129845227", "7"),
        ("dpd", "09447104918387", "D"),
        ("dpd", "86650947215491", "7"),
        ("gls", "84122517829", "2"),
        ("evri", "H00RVD055154146", "6"),
        ("correos", "PK0DLC0000085800128009", "G"),
        ("luhn", "32059546393", "8"),
        ("ontrac-c", "1103150000187", "9"),
        ("ontrac-d", "1001135445370", "7"),
        ("usps91", "7196901075600307738", "5"),
    ],
)
def test_a_check_digit_follows_its_rule(rule, checked, digit):
    assert is_valid(rule, checked, digit)
    assert not is_valid(rule, checked, "K" if digit.isalpha() else str((int(digit) + 1) % 10))
