from __future__ import annotations

from datetime import timedelta

import pytest

from catalog.records import BadRow
from suppliers.inventory import confirmations
from suppliers.models import FeedIssue, FeedRun
from suppliers.runs import issues
from suppliers.runs.runs import Work, begin
from tests.factories.feeds import NOON, stock_world, sync, usd
from tests.factories.suppliers import make_supplier

LATER = NOON + timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)


def tell(skus, *, code="cost-missing", now=NOON, examined=None):
    FeedRun.objects.update(status="failed")
    work = Work(begin(supplier=make_supplier(), kind="prices", now=now), now=now)
    problems = [BadRow(row=sku, code=code, message="The row has no price.") for sku in skus]
    family = issues.Family.COST
    issues.tell(work=work, family=family, problems=problems, examined=examined)
    return work.run


def still_open():
    return set(FeedIssue.objects.filter(resolved_at=None).values_list("row", flat=True))


def test_the_number_of_open_issues_per_code_is_limited(monkeypatch):
    monkeypatch.setattr(issues, "MOST_OF_A_CODE", 3)
    tell(["A", "B", "C", "D"])

    again = tell(["D", "C", "E", "F", "G"], now=LATER)  # A and B are fixed

    assert still_open() == {"C", "D", "E"}
    issue = FeedIssue.objects.get(row="C")
    assert issue.message == "The row has no price. 5 rows have this issue; 3 are stored."
    assert (issue.first_run_id, issue.last_run_id) == (again.pk - 1, again.pk)
    assert FeedIssue.objects.filter(resolved_at__isnull=False).count() == 2


def test_a_partial_read_resolves_only_its_own_issues():
    tell(["A", "B", "C"])

    tell(["A"], now=LATER, examined=["A", "B"])

    assert still_open() == {"A", "C"}


def test_issues_are_written_before_stock_rows_are_locked(supplier, world, monkeypatch):
    stock_world(world, 3)
    sync(supplier)
    world.costs["P1-Black"] = usd(0)

    def killed(**_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(confirmations, "confirm_costs", killed)
    with pytest.raises(KeyboardInterrupt):
        sync(supplier, "prices", now=LATER)

    assert still_open() == {"P1-Black"}
