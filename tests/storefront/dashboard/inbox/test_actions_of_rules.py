"""Quick actions of every rule, in a shop that has a case of each."""

import re
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry

from notifications import tasks as notification_tasks
from notifications.models import Message
from orders.accounting.reconciliation import tasks as accounting_tasks
from orders.models import PurchaseOrder
from shipping import tasks as shipping_tasks
from shipping.rerouting import tasks as rerouting_tasks
from storefront.accounts.models import User
from storefront.dashboard.inbox import quick_actions
from storefront.dashboard.inbox.actions import QUICK_ACTIONS
from storefront.webhooks import tasks as hook_tasks
from tests.factories.inbox_items import AGO, ITEMS, items_of
from tests.storefront.dashboard.inbox.test_quick_actions import run_action

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "shared_world", "started")]


@pytest.mark.parametrize("code", sorted(QUICK_ACTIONS.keys() - {"purchase_order_on_hold"}))
def test_each_action_needs_no_confirmation(code, client, monkeypatch):
    ITEMS[code]()
    for task in (
        accounting_tasks.reconcile_day,
        notification_tasks.send,
        hook_tasks.process,
        shipping_tasks.poll_supplier,
        rerouting_tasks.reroute,
    ):
        monkeypatch.setattr(task, "delay", lambda **_known: None)
    PurchaseOrder.objects.filter(submission_status="submit_failed").update(status="ready")
    user = User.objects.create_superuser("ann@fara.example", "a password")
    client.force_login(user)
    (row, *_more) = items_of(code)
    (row,) = quick_actions.with_buttons([row], user)

    for click in row.buttons:
        shown = run_action(client, code, row.row, click.code, click.of)
        (act,) = [act for act in QUICK_ACTIONS[code] if act.code == click.code]
        assert str(act.done) % row.name in unescape(shown), (
            "the message names the item as the inbox does"
        )
        assert LogEntry.objects.filter(change_message=str(click.label)).exists(), re.findall(
            r"messagelist.*", shown
        )


def test_email_that_may_have_arrived_is_not_resent_by_one_click(client):
    client.force_login(User.objects.create_superuser("ann@fara.example", "a password"))
    message = Message.objects.first()
    Message.objects.filter(pk=message.pk).update(status="sending", status_since=AGO)

    assert "may have been delivered" in run_action(
        client, "message_undeliverable", message.pk, "resend"
    )
    assert Message.objects.get(pk=message.pk).status == "sending"
