import pytest

from notifications.senders.phone_numbers import mobile_number


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0151 23456789", "DE", "+4915123456789"),
        ("+49 151 23456789", "AZ", "+4915123456789"),
        ("050 123 45 67", "AZ", "+994501234567"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("030 1234567", "DE", ""),  # a fixed line
        ("0151 2345", "DE", ""),
        ("call me", "DE", ""),
        ("", "DE", ""),
        ("0151 23456789", "", ""),
    ],
)
def test_a_mobile_number_is_written_as_e164(text, country, number):
    assert mobile_number(text, country=country) == number
