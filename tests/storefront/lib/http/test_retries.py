from datetime import UTC, datetime

import pytest

from storefront.lib.http import retries
from storefront.lib.http.errors import CallDeferredError, PermanentError, TemporaryError
from storefront.lib.http.retries import retry, retry_after_s

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NO_ANSWER = TemporaryError("no answer", is_outcome_unknown=True)
NOT_SENT = TemporaryError("no connection")


@pytest.fixture
def delays(monkeypatch):
    taken = []
    monkeypatch.setattr(retries.time, "sleep", taken.append)
    return taken


class Script:
    """Raises the given errors, one per call, then returns."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def test_read_is_retried_with_growing_jittered_delays_until_the_last_error(delays):
    script = Script(NO_ANSWER, NO_ANSWER, NO_ANSWER)

    assert retry(script, is_idempotent=True) == "answer"

    assert script.calls == 4
    for attempt, nap in enumerate(delays):
        assert 0.2 * 2**attempt <= nap <= 0.4 * 2**attempt
    with pytest.raises(TemporaryError, match="the fourth"):
        retry(
            Script(NO_ANSWER, NO_ANSWER, NO_ANSWER, TemporaryError("the fourth")),
            is_idempotent=True,
        )
    assert len(set(delays)) == 6


@pytest.mark.parametrize(
    ("failure", "is_idempotent", "calls"),
    [
        (NO_ANSWER, True, 2),
        (NO_ANSWER, False, 1),
        (NOT_SENT, True, 2),
        (NOT_SENT, False, 2),
        (CallDeferredError("the budget is spent"), True, 1),
        (PermanentError("no"), True, 1),
        (TemporaryError("later", code="429", retry_after_s=3600), True, 1),
    ],
)
def test_which_errors_are_retried(delays, failure, is_idempotent, calls):
    script = Script(failure)

    if calls == 1:
        with pytest.raises(type(failure)):
            retry(script, is_idempotent=is_idempotent)
    else:
        retry(script, is_idempotent=is_idempotent)

    assert script.calls == calls


def test_retry_after_is_respected(delays):
    retry(Script(TemporaryError("later", retry_after_s=7)), is_idempotent=True)

    assert 7 <= delays[0] <= 7.4


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("99999999999999999999", 3600),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90),
        ("Tue, 24 Nov 2026 12:01:30", 90),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Tue, 99 Nov 2026 99:99:99 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_parsed(header, expected):
    headers = {} if header is None else {"retry-after": header}

    assert retry_after_s(headers, now=NOW) == expected
