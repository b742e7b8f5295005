"""Follow-up: a snoozed item returns at its time or with a new case; notes stay with the item."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from notifications.models import Message
from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from storefront.dashboard.inbox import follow_up, query
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import InboxNote, InboxSnooze
from storefront.lib.money import Money
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import AGO, ITEMS, items_of
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "shared_world")]
CODE = "message_undeliverable"
PAGE = f"/admin/supply/waiting/{CODE}/"


@pytest.fixture
def row():
    Message.objects.filter(pk=Message.objects.first().pk).update(status="failed", status_since=AGO)
    (found,) = items_of(CODE)
    return found


@pytest.fixture
def ann(client):
    client.force_login(make_staff("ann", "view_message", "change_message"))
    return client


def post(client, row, what, **more):
    given = {"cause": CODE, "row": row.row, "what": what, "from": "waiting", **more}
    return client.post(reverse("supply:follow_up"), given, follow=True).content.decode()


def test_snoozed_item_is_hidden_until_its_time(ann, row):
    page = post(ann, row, "snooze", until="2026-11-24T18:00")
    until = InboxSnooze.objects.get().until

    assert "Snoozed. The item returns" in page
    assert items_of(CODE) == []
    assert reverse("supply:waiting", args=[CODE]) not in ann.get("/admin/").content.decode()
    assert "Snoozed until" in ann.get(f"{PAGE}?snoozed=1").content.decode()
    assert len(items_of(CODE, now=until + timedelta(seconds=1))) == 1
    everything = query.load_items(now=NOON, filters=query.ALL_ROWS)
    assert CODE in {item.cause.code for item in everything}

    post(ann, row, "end_snooze")
    assert len(items_of(CODE)) == 1


def test_new_case_ends_the_snooze(row):
    later = NOON + timedelta(hours=1)
    follow_up.snooze(cause=CODE, row=row.row, until=NOON + timedelta(days=2), actor="ann", now=NOON)
    Message.objects.filter(pk=row.row).update(status_since=later)

    assert len(items_of(CODE, now=later + timedelta(hours=1))) == 1


def test_later_snooze_replaces_the_earlier_one_and_old_ones_are_deleted(row):
    for hours in (1, 2):
        until = NOON + timedelta(hours=hours)
        follow_up.snooze(cause=CODE, row=row.row, until=until, actor="ann", now=NOON)
    assert InboxSnooze.objects.get().until == NOON + timedelta(hours=2)

    day_later = NOON + timedelta(days=1)
    follow_up.snooze(
        cause=CODE, row=0, until=day_later + timedelta(hours=1), actor="ann", now=day_later
    )
    assert InboxSnooze.objects.get().row == 0


@pytest.mark.parametrize(
    "until", ["", "tomorrow", "2020-01-01T00:00", "2030-01-01T00:00", "2026-13-01T00:00"]
)
def test_snooze_needs_a_time_within_90_days(ann, row, until):
    assert "Not snoozed" in post(ann, row, "snooze", until=until)
    assert not InboxSnooze.objects.exists()


def test_note_is_shown_once_and_deleted_after_a_year(ann, row):
    post(ann, row, "note", text=" Asked the <b>mail</b> provider. ")
    page = post(ann, row, "note", text="Asked the <b>mail</b> provider.")  # a double click

    assert page.count("Asked the &lt;b&gt;mail&lt;/b&gt; provider. (ann@fara.example") == 1
    assert InboxNote.objects.count() == 1
    assert "Note not saved" in post(ann, row, "note", text=" ")
    assert "Note not saved" in post(ann, row, "note", text="x" * 501)
    with time_machine.travel(NOON + timedelta(days=366), tick=False):
        follow_up.add_note(
            cause=CODE, row=row.row, text="New.", actor="ann", now=NOON + timedelta(days=366)
        )
    assert InboxNote.objects.get().text == "New."


def test_viewer_writes_notes_but_snoozes_nothing(client, row):
    client.force_login(make_staff("eve", "view_message"))

    assert "Seen." in post(client, row, "note", text="Seen.")
    assert "Snooze" not in client.get(PAGE).content.decode().split("today-waiting")[1]
    url = reverse("supply:follow_up")
    for what in ("snooze", "end_snooze"):
        given = {"cause": CODE, "row": row.row, "what": what, "until": "2026-11-24T18:00"}
        assert client.post(url, given).status_code == 403
    client.force_login(make_staff("cy", "view_order"))
    assert client.post(url, {"cause": CODE, "row": row.row, "text": "x"}).status_code == 403
    assert client.get(url).status_code == 405


def test_decided_case_is_closed_with_a_note_until_a_new_case(client):
    client.force_login(make_staff("ann", "view_purchaseorder", "change_purchaseorder"))
    ITEMS["extra_charge"]()
    (charged,) = items_of("extra_charge")
    given = {"cause": "extra_charge", "row": charged.row, "what": "close", "from": "waiting"}
    url = reverse("supply:follow_up")

    assert "Note not saved" in client.post(url, given, follow=True).content.decode()
    assert len(items_of("extra_charge")) == 1
    shown = client.post(url, given | {"text": "Agreed."}, follow=True).content.decode()

    assert "Closed. A new case opens it again." in shown
    assert items_of("extra_charge") == []
    page = client.get("/admin/supply/waiting/extra_charge/?snoozed=1").content.decode()
    assert "Closed by staff" in page
    assert "Agreed." in page
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        acknowledgements.record_charge_notice(
            purchase_order=PurchaseOrder.objects.get(pk=charged.row),
            reason="too long",
            amount=Money(Decimal("1.00"), "USD"),
            now=NOON + timedelta(hours=1),
        )
    assert len(items_of("extra_charge", now=NOON + timedelta(hours=2))) == 1


def test_only_closable_rules_are_closed(ann, row):
    given = {"cause": CODE, "row": row.row, "what": "close", "text": "Enough."}

    assert ann.post(reverse("supply:follow_up"), given).status_code == 404
    assert "Close with note" not in ann.get(PAGE).content.decode()
    with pytest.raises(ValueError, match=CODE):
        follow_up.close(cause=CODE, row=row.row, text="x", actor="ann", now=NOON)
    assert {cause.code for cause in RULES if cause.has_stable_since and not cause.filters} >= (
        follow_up.CLOSABLE
    )
