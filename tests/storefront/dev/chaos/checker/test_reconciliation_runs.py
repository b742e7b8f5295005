"""Daily reconciliation: audit the days of the payments, wherever the clock was moved to."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from orders.models import ReconciliationRun
from storefront.dev.chaos.checker import reconciliation_runs
from storefront.dev.chaos.observations.history import GatewayPayment
from storefront.dev.runtime.supervisor import Supervisor

LATE = datetime(2026, 11, 27, 23, 40, tzinfo=UTC)


def charge(at):
    amounts = dict.fromkeys(("amount", "authorized", "captured", "released", "refunded"), 0)
    return GatewayPayment(
        payment="pay_1", order="FL-1", status="captured", created_at=at.timestamp(), **amounts
    )


@pytest.fixture
def place(tmp_path):
    return SimpleNamespace(var=tmp_path, supervisor=Supervisor(), set_clock=lambda _: None)


@pytest.fixture(autouse=True)
def utc(settings):
    settings.TIME_ZONE = "UTC"


@pytest.mark.parametrize(("seconds", "days"), [(600, [27]), (1800, [27, 28])])
def test_payments_across_midnight_have_two_days(seconds, days):
    moments = [LATE.timestamp() + seconds, LATE.timestamp()]

    assert reconciliation_runs.days_of(moments) == [date(2026, 11, day) for day in days]


@pytest.mark.django_db
def test_audit_waits_for_the_day_of_the_payments(place, monkeypatch):
    monkeypatch.setattr(reconciliation_runs.outside, "gateway_payments", lambda _: [charge(LATE)])
    monkeypatch.setattr(
        reconciliation_runs.timezone, "now", lambda: datetime(2026, 11, 28, 0, 25, tzinfo=UTC)
    )
    monkeypatch.setattr(reconciliation_runs.reconcile_money, "delay", lambda: None)

    found = reconciliation_runs.audit_days(place, at_most_s=0)

    assert found == ["2026-11-27 is open: not finished"]
    assert ReconciliationRun.objects.get().day == date(2026, 11, 27)


def test_day_without_payments_is_reported(place, monkeypatch):
    monkeypatch.setattr(reconciliation_runs.outside, "gateway_payments", lambda _: [])

    assert reconciliation_runs.audit_days(place, at_most_s=0) != []


@pytest.mark.django_db
def test_reconciliation_is_repeated_after_a_problem(place, monkeypatch):
    now = datetime(2026, 11, 28, 0, 25, tzinfo=UTC)
    answers = iter([{"problem": "busy"}, {"status": "reconciled", "problem": ""}])
    monkeypatch.setattr(reconciliation_runs.outside, "gateway_payments", lambda _: [charge(LATE)])
    monkeypatch.setattr(reconciliation_runs.timezone, "now", lambda: now)
    monkeypatch.setattr(reconciliation_runs, "RETRY_INTERVAL_S", 0.0)
    monkeypatch.setattr(
        reconciliation_runs.reconcile_money,
        "delay",
        lambda: ReconciliationRun.objects.update(**next(answers), reconciled_at=now),
    )

    assert reconciliation_runs.audit_days(place, at_most_s=10) == []
