from datetime import UTC, datetime

import pytest
from babel import Locale

from storefront.lib.clock import format_local


@pytest.mark.parametrize(
    ("country", "month", "written"),
    [
        ("DE", 11, "13:00 CET"),
        ("DE", 7, "14:00 CEST"),
        ("GB", 11, "12:00 GMT"),
        ("AZ", 11, "16:00 GMT+4"),
        ("US", 11, "07:00 GMT-5"),
        ("IN", 11, "17:30 GMT+5:30"),
        ("AQ", 11, "12:00 UTC"),
        ("", 11, "12:00 UTC"),
    ],
)
def test_moment_is_formatted_in_the_time_zone_of_its_country(country, month, written):
    at = datetime(2026, month, 24, 12, tzinfo=UTC)

    assert format_local(at, "HH:mm", country=country, locale=Locale.parse("en_GB")) == written
