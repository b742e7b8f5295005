"""Bulk actions: preview for all or selected rows, then one run that skips resolved rows."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from catalog.models import PriceHold, PriceRule
from storefront.dashboard.inbox import bulk_actions
from storefront.dashboard.inbox.actions import QUICK_ACTIONS
from storefront.dashboard.models import InboxAssignment
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_listing
from tests.factories.inbox_items import AGO

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "shared_world")]
URL = "/admin/supply/waiting/price_blocked/reject/"


@pytest.fixture
def price_holds():
    common = {
        "status_since": AGO,
        "opened_at": AGO,
        "reason": "moved_too_far",
        "breakdown": {"figures": {"old": "10.00", "new": "20.00", "move": "100 %"}},
        "old_amount": 10,
        "proposed_amount": 20,
        "cost_amount": 5,
        "rule": PriceRule.objects.first(),
    }
    return [PriceHold.objects.create(listing=make_listing(), **common) for _ in range(3)]


@pytest.fixture
def ann(client):
    client.force_login(make_staff("ann", "change_pricehold", "view_pricehold"))
    return client


def statuses():
    return list(PriceHold.objects.order_by("pk").values_list("status", flat=True))


def post(client, holds, url=URL):
    answer = client.post(url, {"row": [hold.pk for hold in holds]}, follow=True)
    return answer.content.decode()


def test_preview_shows_the_selected_items_and_changes_nothing(ann, price_holds):
    chosen = price_holds[:2]

    page = ann.get(URL, {"row": [hold.pk for hold in chosen]}).content.decode()

    assert [hold.listing.variant.sku in page for hold in price_holds] == [True, True, False]
    assert "Each current price stays" in page
    assert "Keep current price for 2 items" in page
    assert statuses() == ["open"] * 3


def test_selected_items_are_resolved_once_and_logged(ann, price_holds):
    assert "done for 2 items" in post(ann, price_holds[:2])
    assert statuses() == ["rejected", "rejected", "open"]
    assert LogEntry.objects.filter(change_message="Keep current price").count() == 2
    assert set(InboxAssignment.objects.values_list("by", flat=True)) == {"ann@fara.example"}

    again = post(ann, price_holds)  # an old page, or a double click
    assert "done for 1 item." in again
    assert "2 items were already resolved" in again
    assert LogEntry.objects.count() == 3


def test_all_items_are_previewed_up_to_a_limit(ann, price_holds, monkeypatch):
    assert "Keep current price for 3 items" in ann.get(URL, {"all": "1"}).content.decode()

    monkeypatch.setattr(bulk_actions, "MAX_ROWS", 2)
    page = ann.get(URL, {"all": "1"}).content.decode()
    assert "Keep current price for 2 items" in page
    assert "the oldest of 3" in page


def test_refusals_are_told_and_the_rest_is_done(ann, price_holds, monkeypatch):
    monkeypatch.setattr(bulk_actions, "MAX_REFUSALS", 1)

    def refuse(row, of, actor, now):
        if row != price_holds[2]:
            raise bulk_actions.quick_actions.USER_ERRORS[-1]("The supplier is busy.")

    (act,) = QUICK_ACTIONS["price_blocked"]
    changed = bulk_actions.actions.QuickAction(
        act.code, act.label, act.done, act.model, refuse, act.effect
    )
    monkeypatch.setitem(QUICK_ACTIONS, "price_blocked", (changed,))

    page = post(ann, price_holds)

    assert "done for 1 item." in page
    assert f"{price_holds[0].listing.variant.sku} · Fara: The supplier is busy." in page
    assert "1 more was refused" in page


def test_nothing_selected_or_malformed_is_refused(ann, price_holds):
    page = ann.get(URL, follow=True).content.decode()
    assert "Select at least one item" in page
    assert ann.get(URL, {"row": "x"}).status_code == 404
    assert ann.get(URL.replace("reject", "nothing")).status_code == 404
    assert statuses() == ["open"] * 3


def test_action_for_several_items_needs_permission_to_change(client, price_holds):
    client.force_login(make_staff("eve", "view_pricehold"))

    assert client.get(URL, {"all": "1"}).status_code == 403
    assert client.post(URL, {"row": price_holds[0].pk}).status_code == 403
    page = client.get(reverse("supply:waiting", args=["price_blocked"])).content.decode()
    assert 'type="checkbox"' not in page
    assert statuses() == ["open"] * 3


def test_items_page_offers_selection(ann, price_holds):
    page = ann.get(reverse("supply:waiting", args=["price_blocked"])).content.decode()

    assert page.count('type="checkbox" name="row"') == 3
    assert f'formaction="{URL}"' in page
    assert f'href="{URL}?all=1"' in page
