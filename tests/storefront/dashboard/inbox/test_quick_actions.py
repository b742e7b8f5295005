"""Quick actions: resolve an item by one click, once, with permission, under the user's name."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from orders.models import PurchaseOrder
from orders.purchasing import work_queue
from orders.purchasing.holds import holds
from storefront.accounts.models import User
from storefront.dashboard.inbox.actions import QUICK_ACTIONS
from storefront.dashboard.inbox.rules.registry import RULES
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import AGO
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "started")]
COST_REASON = {"code": "cost", "sentence": "It costs 12.00 now.", "subject": "A", "amount": "12.00"}
STOCK_REASON = {
    "code": "stock",
    "sentence": "In stock: 1 of 2.",
    "subject": "A: 1 < 2",
    "amount": "",
}


def sign_in(client, name, *permissions):
    client.force_login(make_staff(name, *permissions))
    return client


@pytest.fixture
def ann(client):
    return sign_in(client, "ann", "change_purchaseorder", "view_purchaseorder")


@pytest.fixture
def held():
    (made,) = make_purchase_orders(make_sellable())
    PurchaseOrder.objects.update(
        status="on_hold",
        status_since=AGO,
        hold_reasons=[COST_REASON, STOCK_REASON],
        submission_status="unsubmitted",
    )
    return made


def page(client):
    url = reverse("supply:waiting", args=["purchase_order_on_hold"])
    return client.get(url).content.decode()


def run_action(client, cause, row, what, of=""):
    given = {"cause": cause, "row": row, "what": what, "of": of, "since": AGO.isoformat()}
    return client.post(reverse("supply:run_action"), given, follow=True).content.decode()


def waive(client, held, reason):
    return run_action(client, "purchase_order_on_hold", held.pk, "waive", holds.reason_key(reason))


def test_each_hold_reason_is_waived_once_and_the_last_one_releases(
    ann, held, started, client_factory
):
    shown = page(ann)
    forms = re.findall(r'name="of" value="(\w+)"', shown)
    assert forms == [holds.reason_key(COST_REASON), holds.reason_key(STOCK_REASON)]
    assert "It costs 12.00 now." in shown

    assert "this hold reason is waived" in waive(ann, held, COST_REASON)
    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("on_hold", [STOCK_REASON])
    assert started == []
    assert "ann@fara.example, " in page(ann)  # what remains is assigned to the user

    waive(ann, held, STOCK_REASON)
    held.refresh_from_db()
    assert held.status == "ready"
    bob = sign_in(client_factory(), "bob", "change_purchaseorder")
    assert "ann@fara.example already waived this reason" in waive(bob, held, STOCK_REASON)
    assert started == [("submit", {"purchase_order_id": held.pk})]
    entries = LogEntry.objects.values_list("change_message", "user__email", "object_id")
    assert list(entries) == [("Waive hold reason", "ann@fara.example", str(held.pk))] * 2


def test_risky_reason_needs_its_own_page(ann, held):
    """Also a reason with an unknown code, and a loss without an amount."""
    risky = ["payment", "disputed", "restricted", "battery", "certificate", "supplier", "margin"]
    for code in (*risky, "new"):
        amount = "" if code == "margin" else "9.00"
        reason = {"code": code, "sentence": "This needs approval.", "amount": amount}
        PurchaseOrder.objects.update(hold_reasons=[reason])

        assert 'name="of"' not in page(ann), code
        assert "This reason needs a confirmation" in waive(ann, held, reason), code

    held.refresh_from_db()
    assert (held.status, held.waived_reasons) == ("on_hold", [])


def test_scheduled_order_is_submitted_early_or_refused(ann, held, started):
    later = {"submit_at": NOON + timedelta(hours=2), "status": "ready"}
    PurchaseOrder.objects.update(**later)

    assert "a new attempt has started" in run_action(ann, "submission_late", held.pk, "submit_now")
    assert started == [("submit", {"purchase_order_id": held.pk})]
    assert work_queue.to_submit(now=NOON).filter(pk=held.pk).exists()

    PurchaseOrder.objects.update(**later | {"status": "on_hold"})
    assert "is not scheduled, or is on hold" in run_action(
        ann, "submission_late", held.pk, "submit_now"
    )
    assert len(started) == 1


def test_view_permission_offers_no_action(client, held):
    eve = sign_in(client, "eve", "view_purchaseorder", "view_costs")

    assert "It costs 12.00 now." in page(eve)
    assert reverse("supply:run_action") not in page(eve)
    key = holds.reason_key(COST_REASON)
    given = {"cause": "purchase_order_on_hold", "row": held.pk, "what": "waive", "of": key}
    assert eve.post(reverse("supply:run_action"), given).status_code == 403
    held.refresh_from_db()
    assert held.status == "on_hold"


def test_action_needs_post_token_and_a_known_button(ann, held, client_factory):
    url = reverse("supply:run_action")
    assert ann.get(url).status_code == 405
    given = {"cause": "purchase_order_on_hold", "row": held.pk, "what": "refund"}
    assert ann.post(url, given).status_code == 404
    assert ann.post(url, {**given, "what": "waive", "row": "x"}).status_code == 404
    assert ann.post(url, {**given, "cause": "nothing"}).status_code == 404
    strict = client_factory(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(email="ann@fara.example"))
    assert strict.post(url, {**given, "what": "check_again"}).status_code == 403
    assert "no longer exists" in run_action(ann, "purchase_order_on_hold", 10**17, "check_again")


def test_each_action_belongs_to_a_rule_and_its_table():
    pages = {cause.code: cause.page for cause in RULES}

    for code, acts in QUICK_ACTIONS.items():
        for act in acts:
            assert pages[code] == f"{act.model._meta.app_label}_{act.model._meta.model_name}"
