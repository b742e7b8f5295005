"""Daily reconciliation by real workers: killed halfway, or while a gateway is down."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from orders.models import (
    Discrepancy,
    DiscrepancyObservation,
    Payment,
    PurchaseOrder,
    ReconciliationRun,
)
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants import registry
from tests.e2e.worker_process import surroundings
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON
from tests.support.reconciliation_days import accepted, compare, found, later, paid, refund

pytestmark = pytest.mark.django_db(transaction=True)


def command(*words, **env):
    """Run the command as an operator does."""
    known = {**surroundings(), "PAYMENT_GATEWAY": "fake", **env}
    return subprocess.run(
        [sys.executable, "manage.py", "reconcile_day", *words],
        cwd=django_settings.BASE_DIR,
        env=known,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def shipped():
    """A shipped order of some days ago whose payment was not captured."""
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(
        status="shipped", submission_status="accepted", accepted_at=NOON, status_since=NOON
    )
    return purchase_order


def test_killed_run_starts_again_with_the_same_result(shipped):
    day = ["--day", NOON.date().isoformat()]

    killed = command(*day, FAILPOINT="auditing.part_recorded")

    assert killed.returncode == -signal.SIGKILL
    assert ReconciliationRun.objects.get().status == "running"
    first = list(Discrepancy.objects.values_list("pk", "key"))
    assert len(first) == 1  # the gateway of this process has no payment at all

    again = command(*day)

    assert again.returncode == 0, again.stderr
    assert (ReconciliationRun.objects.get().status, ReconciliationRun.objects.get().attempts) == (
        "reconciled",
        2,
    )
    kinds = list(Discrepancy.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["not_at_gateway", "not_captured"]
    assert list(Discrepancy.objects.values_list("pk", "key"))[:1] == first
    assert DiscrepancyObservation.objects.count() == 2
    assert "2 discrepancies" in again.stdout
    assert shipped.number in again.stdout


def test_command_refuses_unfinished_days_and_reconciles_waiting_ones(shipped, capsys):
    tomorrow = (later() + timedelta(days=9)).date().isoformat()

    with pytest.raises(CommandError, match="cannot be reconciled yet") as soon:
        call_command("reconcile_day", "--day", tomorrow)
    call_command("reconcile_day")
    all_days = capsys.readouterr().out
    call_command("reconcile_day")

    assert soon.value.returncode == 1
    assert all_days.count("compared") >= 2
    assert "All ended days are reconciled." in capsys.readouterr().out


@pytest.mark.parametrize(
    "trouble",
    [
        "unreachable",
        *(pytest.param(kind, marks=pytest.mark.full) for kind in ("500", "garbage", "drop_before")),
    ],
)
def test_day_is_overdue_while_the_gateway_is_down(
    stripe,
    settings,
    trouble,
):
    payment = paid(stripe)
    accepted(payment)
    refund(payment, payment.amount)
    Payment.objects.update(refunded_amount=0)  # a wrong ledger entry
    if trouble == "unreachable":
        settings.STRIPE_API_URL = "http://127.0.0.1:9"
    else:
        stripe.fault(trouble, path="GET /v1/", count=9)

    day = compare()

    assert (day.status, day.problem[:15]) == ("open", "gateway:stripe:")
    assert [kind for kind, *_ in found()] == []
    waiting = {row.cause.code: row for row in query.load_items(now=later())}
    assert waiting["reconciliation_late"].name == day.day.isoformat()
    assert "gateway:stripe" in waiting["reconciliation_late"].detail
    assert "payments.days_reconciled" in broken(later() + timedelta(days=2))

    settings.STRIPE_API_URL = stripe.url
    stripe.control("faults", method="DELETE")
    day = compare()

    assert day.status == "reconciled"
    assert [kind for kind, *_ in found()] == ["amount"]
    assert "reconciliation_late" not in {row.cause.code for row in query.load_items(now=later())}
    assert "payments.days_reconciled" not in broken(later() + timedelta(days=2))


def broken(now):
    return {each.invariant.code for each in registry.check_all(now=now) if each.count}
