import csv
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from suppliers.models import Scorecard, StockLocation, Supplier
from suppliers.scorecards import statistics
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel, make_exchange_rate, make_variant
from tests.factories.compliance import make_verified
from tests.factories.suppliers import NOON, make_offer, make_supplier

pytestmark = pytest.mark.django_db
PAGE = "scorecards:side_by_side"
RIGHTS = ("view_supplier", "view_scorecard", "view_costs")


@pytest.fixture(autouse=True)
def channel(noon, db):
    return make_channel()


def make_card(supplier, score, measure="fill_rate"):
    names = ("sample", "good", "value", "low", "high", "tail")
    values = {name: getattr(score, name) for name in names}
    Scorecard.objects.create(supplier=supplier, measure=measure, on=NOON.date(), **values)


def shown(client, *codes, **asked):
    return client.get(reverse(PAGE), {"supplier": codes, **asked})


def table(staff, *codes, **asked):
    """Return the names of the columns, and the cells of each criterion, from the CSV."""
    text = shown(staff, *codes, csv="1", **asked).getvalue().decode("utf-8-sig")
    head, *rows = csv.reader(text.splitlines())
    return [name.lower() for name in head[1:-1]], {row[0]: row[1:-1] for row in rows}


def test_shared_variants_are_compared_by_their_cost_in_one_currency(staff):
    near, far = make_supplier(code="near"), make_supplier(code="far", currency="USD")
    make_exchange_rate(rate="0.5")
    variants = [make_variant() for _ in range(4)]
    for variant, cost in zip(variants[:3], ("10.00", "10.00", "10.00"), strict=True):
        make_offer(variant, near, cost=cost)
    for variant, cost in zip(variants[:2], ("10.00", "30.00"), strict=True):
        make_offer(variant, far, cost=cost)
    make_offer(variants[0], far, cost="11.00")  # dearer than its other offer
    make_offer(None, far, cost="1.00")

    columns, cells = table(staff, "near", "far")

    assert columns == ["far", "near"]
    assert cells["Offers"] == ["4", "3"]
    assert cells["Offers of our products"] == ["3", "3"]
    assert cells["Variants to compare"] == ["2", "2"]
    assert cells["Lowest cost"] == ["50 % (1/2)", "50 % (1/2)"]
    # far: 5 and 15 against 10 and 10; near: twice the lowest, and the lowest.
    assert cells["Cost above the lowest"] == ["25.0 %", "50.0 %"]


def test_costs_without_an_exchange_rate_are_not_compared(staff):
    near, far = make_supplier(code="near"), make_supplier(code="far", currency="USD")
    variant = make_variant()
    make_offer(variant, near)
    make_offer(variant, far)

    _columns, cells = table(staff, "near", "far")

    assert cells["Cost above the lowest"] == ["–", "–"]
    assert cells["Offers of our products"] == ["1", "1"]


def test_candidates_are_compared_by_what_is_known(staff, settings):
    settings.VETTING_REQUIRED = ["ce", "returns"]
    new = make_supplier(code="new")
    new.connection.connector_state["dry_run"] = {"importable": 12, "products": 20}
    new.connection.save()
    Supplier.objects.filter(pk=new.pk).update(status="candidate", lead_days=1)
    make_verified(new, "ce", valid_until=NOON.date() + timedelta(days=20))
    StockLocation.objects.create(supplier=new, code="TR", country="TR")
    make_supplier(code="old")

    _columns, cells = table(staff, "new", "old")

    assert cells["Status"] == ["Candidate", "Active"]
    assert cells["Handling time (days)"][0] == "1"
    assert cells["Required documents"] == [
        "1 of 2 (missing: Returns and warranty policy)",
        "0 of 2 (missing: CE declaration, Returns and warranty policy)",
    ]
    assert cells["Warehouses"] == ["TR", "–"]
    assert cells["Importable products in the dry run"] == ["12 of 20", "–"]
    assert cells["Fill rate"] == ["– (No data)", "– (No data)"]


def test_suppliers_are_sorted_by_a_criterion_and_the_best_is_marked(staff):
    lucky = make_supplier(code="lucky")
    make_card(lucky, statistics.rate_score(3, 3))
    make_card(lucky, statistics.duration_score([Decimal(30)]), "acknowledge_time")
    make_card(make_supplier(code="proven"), statistics.rate_score(198, 200))
    make_supplier(code="unseen")

    page = shown(staff, "lucky", "proven", "unseen", by="fill_rate").content.decode()
    columns, cells = table(staff, "lucky", "proven", "unseen", by="fill_rate")

    # By the confidence bound: few perfect orders do not outrank many good ones.
    assert columns == ["proven", "lucky", "unseen"]
    assert cells["Fill rate"][1] == "100.0 % (3 observations)"
    assert cells["Time to order confirmation"][1] == "30 s (1 observation, sample too small)"
    assert "<b>99.0 %</b> <span>Best</span>" in page
    assert 'aria-current="true"' in page
    assert "Only out-of-stock rejections lower it. Higher is better." in page
    assert table(staff, "lucky", "unseen", by="' OR 1=1")[0] == ["lucky", "unseen"]


def test_without_a_selection_the_page_asks_for_one(staff):
    assert "No suppliers yet" in shown(staff).content.decode()
    suppliers = [make_supplier(code=f"s{number}").code for number in range(8)]

    assert "Select up to 6 suppliers" in shown(staff).content.decode()
    page = shown(staff, *suppliers, "unknown").content.decode()
    assert "Only the first 6 suppliers are compared." in page
    assert len(table(staff, *suppliers)[0]) == 6


def test_the_list_of_suppliers_leads_to_the_comparison(staff):
    rows = [make_supplier(code="one").pk, make_supplier(code="two").pk]
    url = reverse("admin:suppliers_supplier_changelist")
    answer = staff.post(url, {"action": "compare_selected", "_selected_action": rows})

    assert answer["Location"].startswith(reverse(PAGE))
    assert {"supplier=one", "supplier=two"} == set(answer["Location"].partition("?")[2].split("&"))


@pytest.mark.parametrize("missing", RIGHTS)
def test_only_buyers_compare_suppliers(missing):
    make_supplier()
    clerk, user = Client(), make_staff("clerk", *RIGHTS)
    user.user_permissions.remove(Permission.objects.get(codename=missing))
    clerk.force_login(user)

    assert shown(clerk, "lumen").status_code == 403


def test_the_page_takes_few_queries(staff):
    codes = [make_supplier(code=f"s{number}").code for number in range(6)]
    with CaptureQueriesContext(connection) as queries:
        assert shown(staff, *codes).status_code == 200

    assert len(queries) <= 12, [query["sql"][:90] for query in queries]
