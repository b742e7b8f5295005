from datetime import timedelta

import pytest
from django.db import transaction

from catalog.attributes.normalization import normalize
from catalog.records import ImportIssue
from suppliers.inventory import confirmations
from suppliers.models import SyncIssue, SyncRun
from suppliers.runs import issues
from suppliers.runs.runs import RunContext, open_run
from tests.factories.feeds import NOON, sync, usd
from tests.factories.product_records import make_product_record
from tests.factories.suppliers import make_supplier

LATER = NOON + timedelta(hours=1)
pytestmark = pytest.mark.django_db


def sync_issues(skus, *, code="cost-missing", now=NOON, examined=None):
    SyncRun.objects.update(status="failed")
    work = RunContext(open_run(supplier=make_supplier(), kind="prices", now=now), now=now)
    problems = [ImportIssue(row=sku, code=code, message="The row has no price.") for sku in skus]
    family = issues.IssueScope.COST
    issues.sync(run_context=work, scope=family, problems=problems, examined=examined)
    return work.run


def still_open():
    return set(SyncIssue.objects.filter(resolved_at=None).values_list("row", flat=True))


def test_the_number_of_open_issues_per_code_is_limited(monkeypatch):
    monkeypatch.setattr(issues, "MAX_OPEN_PER_CODE", 3)
    sync_issues(["A", "B", "C", "D"])

    again = sync_issues(["D", "C", "E", "F", "G"], now=LATER)  # A and B are fixed

    assert still_open() == {"C", "D", "E"}
    issue = SyncIssue.objects.get(row="C")
    assert issue.message == "The row has no price. 5 rows have this issue; 3 are stored."
    assert (issue.first_run_id, issue.last_run_id) == (again.pk - 1, again.pk)
    assert SyncIssue.objects.filter(resolved_at__isnull=False).count() == 2


def test_a_partial_read_resolves_only_its_own_issues():
    sync_issues(["A", "B", "C"])

    sync_issues(["A"], now=LATER, examined=["A", "B"])

    assert still_open() == {"A", "C"}


def test_issues_are_written_before_stock_rows_are_locked(known, world, monkeypatch):
    world.costs["P1-Black"] = usd(0)

    def killed(**_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(confirmations, "confirm_costs", killed)
    with pytest.raises(KeyboardInterrupt):
        sync(known, "prices", now=LATER)

    assert still_open() == {"P1-Black"}


def test_an_issue_is_stored_with_a_read_only_row():
    record = make_product_record(claims={"Battery": "18650 Li-ion, included"})
    work = RunContext(open_run(supplier=make_supplier(), kind="products", now=NOON), now=NOON)

    with transaction.atomic():
        issues.record(run=work.run, problems=normalize(record, source="cj").issues)

    assert SyncIssue.objects.get().code == "lithium-unknown"
