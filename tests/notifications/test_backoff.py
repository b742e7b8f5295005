from __future__ import annotations

from datetime import timedelta

from notifications.backoff import DELAYS, MAX_ATTEMPTS, delay_after


def test_ten_attempts_span_at_least_three_days_and_then_stop():
    waits = [delay_after(tries=tries) for tries in range(1, MAX_ATTEMPTS)]

    assert MAX_ATTEMPTS == 10
    assert sum(waits, timedelta()) >= timedelta(hours=72)
    assert delay_after(tries=MAX_ATTEMPTS) is None


def test_each_delay_is_longer_and_has_up_to_ten_percent_jitter():
    for tries in range(1, MAX_ATTEMPTS):
        waits = {delay_after(tries=tries) for _ in range(50)}

        assert len(waits) > 40
        assert DELAYS[tries - 1] <= min(waits) <= max(waits) <= DELAYS[tries - 1] * 1.1
    assert list(DELAYS) == sorted(DELAYS)
