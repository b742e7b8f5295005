from __future__ import annotations

from datetime import timedelta

from notifications.backoff import MAX_TRIES, WAITS, wait_after


def test_ten_attempts_span_at_least_three_days_and_then_stop():
    waits = [wait_after(tries=tries, salt="7") for tries in range(1, MAX_TRIES)]

    assert MAX_TRIES == 10
    assert sum(waits, timedelta()) >= timedelta(hours=72)
    assert wait_after(tries=MAX_TRIES, salt="7") is None


def test_each_delay_is_longer_and_has_up_to_ten_percent_jitter():
    for tries in range(1, MAX_TRIES):
        waits = {wait_after(tries=tries, salt=str(salt)) for salt in range(50)}

        assert len(waits) > 40
        assert WAITS[tries - 1] <= min(waits) <= max(waits) <= WAITS[tries - 1] * 1.1
    assert list(WAITS) == sorted(WAITS)
