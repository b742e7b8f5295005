"""Runbook: each cause of the inbox has an entry that names an act which ends it."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from storefront.dashboard import runbook
from storefront.dashboard.inbox import follow_up
from storefront.dashboard.inbox.actions import QUICK_ACTIONS
from storefront.dashboard.inbox.rules.registry import RULES

QUOTED = re.compile(r'"([^"]+)"')
# Act that ends a cause without an action of its page: a form, a worker, or the time.
ENDED_OTHERWISE = {
    "address_unreachable": "Lift suppression",
    "customer_unreachable": "Lift suppression",
    "canceled_order_charged": '"Refund" on the order',
    "competitor_source_failing": "Fetch now",
    "exchange_rate_expired": "Add a rate",
    "exchange_rate_unknown": "Add the rate",
    "images_not_downloaded": "a new address in the next feed",
    "invariant_check_missed": "manage.py check_invariants",
    "invariant_violated": "manage.py check_invariants",
    "manufacturer_address_missing": "Enter name and address on the brand",
    "offers_withheld": "Verify",
    "payment_request_refused": '"Retry" on the refused event',
    "refund_returned": '"Refund" again on the order',
    "repricing_delayed": "Start the worker",
    "responsible_person_missing": "Enter the responsible person",
    "return_to_claim": "Open supplier claim",
    "sign_ins_blocked": "an hour after the last block",
    "sold_out_in_demand": "Add an offer",
    "stock_deduction_differs": "Change",
    "stock_oversold": "A higher stock",
    "store_listings_refused": "Correct the product",
    "store_parcel_unreported": "Retry now",
    "store_products_not_ready": "Complete the products",
    "supply_unpublished": "Start the worker",
    "tracking_provider_failing": "Correct the key",
}


def labels_of(model):
    """Return the labels of the actions of an admin page."""
    page = admin.site._registry[model]
    names = [*(page.actions_detail or ()), *(page.actions_row or ()), *(page.actions or ())]
    found = (getattr(page, name, None) if isinstance(name, str) else name for name in names)
    return {str(getattr(each, "short_description", "")) for each in found if each}


def test_each_cause_has_an_entry_under_its_sentence():
    headings = {code: entry.heading for code, entry in runbook.entries().items()}

    assert headings == {cause.code: str(cause.sentence) for cause in RULES}


@pytest.mark.parametrize("cause", RULES, ids=lambda cause: cause.code)
def test_entry_names_an_act_that_ends_the_cause(cause):
    act = runbook.entries()[cause.code].act
    app, _separator, model = cause.page.rpartition("_")
    labels = labels_of(apps.get_model(app, model))
    labels |= {str(each.label) for each in QUICK_ACTIONS.get(cause.code, ())}
    if cause.code in follow_up.CLOSABLE:
        labels.add("Close with note")

    if cause.code in ENDED_OTHERWISE:
        assert ENDED_OTHERWISE[cause.code] in act
    else:
        assert labels & set(QUOTED.findall(act)), sorted(labels)


def test_quoted_acts_exist():
    """Each quoted word of an act is the label of an action, or of a page that the entry names."""
    known = {"Close with note", "Supplier stock is reduced at"}
    for model in admin.site._registry:
        known |= labels_of(model)
    for acts in QUICK_ACTIONS.values():
        known |= {str(act.label) for act in acts}

    quoted = {
        (code, label)
        for code, entry in runbook.entries().items()
        for label in QUOTED.findall(entry.act)
    }
    assert {(code, label) for code, label in quoted if label not in known} == set()


@pytest.mark.django_db
@pytest.mark.usefixtures("shared_world")
def test_page_of_a_cause_shows_its_entry(staff):
    entry = runbook.entries()["feed_issues"]

    page = staff.get(reverse("supply:waiting", args=["feed_issues"])).content.decode()

    assert entry.means in page
    assert entry.escalate in page
    assert '#runbook"' in staff.get(reverse("admin:index")).content.decode()


def test_shop_without_documents_has_no_entries(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    runbook.entries.cache_clear()

    assert runbook.entries() == {}
    runbook.entries.cache_clear()
