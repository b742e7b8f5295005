from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.exchange_rates.ecb import UnreadableRatesError, parse, read_xml
from catalog.pricing.rate_validity import RateLimits, assess_rate, exceeds_max_change
from tests.factories.competitors import NOON, ecb_xml

D = Decimal
HOUR = timedelta(hours=1)
WITH_ENTITY = (
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><Cube time="2026-11-24">'
    b'<Cube currency="USD" rate="&a;"/></Cube>'
)
LIMITS = RateLimits(max_age=96 * HOUR, max_move_percent=5)


@pytest.mark.parametrize(
    ("age_h", "waiting", "validity", "worst_case_rate"),
    [
        (0, None, "sure", "0.80"),
        (96, None, "sure", "0.80"),
        (97, None, "unsure", "0.84"),
        (192, None, "unsure", "0.84"),
        (193, None, "unknown", "0.80"),
        (1, "0.90", "unsure", "0.90"),
        (1, "0.70", "unsure", "0.80"),  # a lower pending rate is not the worst case
        (97, "0.83", "unsure", "0.84"),
    ],
)
def test_a_rate_is_sure_while_recent_and_unchallenged(age_h, waiting, validity, worst_case_rate):
    found = assess_rate(
        rate=D("0.80"),
        as_of=NOON - age_h * HOUR,
        pending_rate=waiting and D(waiting),
        limits=LIMITS,
        now=NOON,
    )

    assert (found.status, found.worst_case_rate) == (validity, D(worst_case_rate))


@pytest.mark.parametrize(
    ("new", "hours", "is_far"),
    [
        ("1.05", 24, False),
        ("1.0501", 24, True),
        ("0.95", 1, False),
        ("0.9499", 1, True),
        ("1.10", 25, False),
        ("1.15", 72, False),
        ("1.16", 24 * 300, True),  # a long gap does not allow any change
        ("0.01", 24 * 300, True),
    ],
)
def test_a_rate_may_change_five_percent_a_day_for_three_days(new, hours, is_far):
    passed = hours * HOUR

    assert exceeds_max_change(old=D(1), new=D(new), passed=passed, limits=LIMITS) is is_far


def test_rates_are_inverted_and_crossed_via_the_euro():
    daily = parse(read_xml(ecb_xml({"USD": "1.0876", "JPY": "162.34", "GBP": "0.8341"})))

    into_euro, into_dollar = daily.into("EUR"), daily.into("USD")

    assert daily.as_of.isoformat() == "2026-11-24T15:00:00+00:00"
    assert into_euro["USD"] == D("0.9194556822")
    assert into_dollar["EUR"] == D("1.0876")
    assert into_dollar["GBP"] == D("1.3039203932")  # 1.0876 / 0.8341, without a rounded inverse
    assert "EUR" not in into_euro
    assert daily.into("AZN") == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not valid XML"),
        (b"<html></html>", "0 days"),
        (ecb_xml({}), "has no rates"),
        (ecb_xml({"USD": "0"}), "USD: '0' is not a valid rate"),
        (ecb_xml({"USD": "-1"}), "not a valid rate"),
        (ecb_xml({"USD": "NaN"}), "not a valid rate"),
        (ecb_xml({"USD": "Infinity"}), "not a valid rate"),
        (ecb_xml({"USD": "1,08"}), "not a valid rate"),
        (ecb_xml({"usd": "1.08"}), "not a valid currency"),
        (ecb_xml({"USD": "1"}, day="today"), "not a valid date"),
        (
            ecb_xml({"USD": "1"}).replace(
                b"<Cube currency", b"<Cube currency='USD' rate='2'/><Cube currency"
            ),
            "twice",
        ),
        (
            WITH_ENTITY,
            "no",
        ),
    ],
)
def test_an_invalid_rate_list_is_rejected_as_a_whole(content, reason):
    with pytest.raises(UnreadableRatesError, match=reason):
        parse(read_xml(content))
