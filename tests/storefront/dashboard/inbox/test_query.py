from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from catalog.models import Image
from notifications.models import Message
from orders.models import PurchaseOrder, SupplierClaim
from orders.purchasing import acknowledgements
from storefront.dashboard.inbox import follow_up, query
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.inbox.query import Filters
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import InboxCase
from storefront.lib.money import Money
from suppliers.runs import issue_labels
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import AGO, ITEMS, items_of
from tests.factories.parcels import SILENT_ITEMS
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]

# Rules whose items have an amount.
WITH_AMOUNT = {"address_change_requested", "extra_charge", "stock_oversold"}
WITH_AMOUNT |= {"orders_silent", "parcel_exception", *SILENT_ITEMS}
WITH_AMOUNT |= {"parcel_check_digit", "parcel_other_carrier", "tracking_number_rejected"}
WITH_AMOUNT |= {"return_requested", "return_to_inspect"}
WITH_AMOUNT |= {"return_in_transit_long", "return_overdue"}
WITH_AMOUNT |= {"return_to_supplier", "return_to_supplier_late"}
WITH_AMOUNT |= {"problem_report_open", "problem_report_overdue"}
# Rules with an item in the sound shop.
ALWAYS = {"feed_issues", "webhook_failed"}


def codes(waiting):
    return {row.cause.code for row in waiting}


def test_sound_shop_has_only_known_items_and_every_rule_has_a_case():
    assert codes(query.load_items(now=NOON)) == ALWAYS
    assert sorted(ITEMS) == sorted(cause.code for cause in RULES)


@pytest.mark.parametrize("code", ITEMS)
def test_each_case_is_found(code):
    ITEMS[code]()

    found = items_of(code)
    assert found
    assert code not in WITH_AMOUNT or all(row.at_risk.amount > 0 for row in found)


@pytest.mark.parametrize("code", [cause.code for cause in RULES if cause.reads_history])
def test_rule_that_reads_the_history_looks_at_recorded_cases(code):
    def rows(now=NOON):
        return sorted(item.row for item in items_of(code, now=now))

    ITEMS[code]()
    before = rows()
    query.mark_recorded(now=NOON)
    assert rows() == [], "the next recording finds a new case"
    assert rows(now=NOON + query.RECORDED_FOR) == before, "without a recording, each page does"

    recording.record(now=NOON)
    assert rows() == before
    InboxCase.objects.filter(cause=code, row=before[0]).update(row=0)
    assert rows() == before[1:], "a recorded case is shown only if the rule still finds it"
    follow_up.snooze(cause=code, row=before[0], until=follow_up.CLOSED, actor="ann", now=NOON)
    shown = query.load_items(now=NOON, filters=Filters(is_snoozed=True))
    assert [item.row for item in shown] == before[:1], "a closed row is no open case"


@pytest.mark.parametrize(
    ("model", "status_field", "live", "code", "quiet"),
    [
        (PurchaseOrder, "submission_status", "in_progress", "submission_failed",
         {"status": "on_hold"}),
        (SupplierClaim, "status", "requested", "claim_not_submitted", {"is_manual": True}),
    ],
)  # fmt: skip
def test_item_tried_once_and_not_retried_is_found(model, status_field, live, code, quiet):
    """An open breaker or a long pause that the supplier asked for leaves few failed attempts."""
    rows = model.objects.filter(pk=model.objects.filter(status=live).first().pk)
    rows.update(status="ready" if model is PurchaseOrder else live)

    def is_found(since, **more):
        known = {status_field: "submit_failed", f"{status_field}_since": since, "attempts": 1}
        rows.update(**known | more)
        return bool(items_of(code))

    assert not is_found(NOON - timedelta(minutes=59))
    assert is_found(NOON - timedelta(minutes=61))
    assert is_found(NOON, attempts=20), "many attempts are an item at once"
    assert not is_found(NOON - timedelta(minutes=61), **quiet)


def test_withdrawn_extra_charge_is_not_in_the_inbox():
    ITEMS["extra_charge"]()

    (row,) = items_of("extra_charge")
    assert (row.detail, row.at_risk) == ("too heavy", Money(Decimal("3.20"), "USD"))

    acknowledgements.record_charge_notice(
        purchase_order=PurchaseOrder.objects.get(pk=row.row), reason="", now=NOON
    )
    assert codes(query.load_items(now=NOON)) == ALWAYS


def test_held_purchase_order_has_reason_time_and_amount():
    ITEMS["purchase_order_on_hold"]()
    held = PurchaseOrder.objects.get(status="on_hold")

    (row,) = items_of("purchase_order_on_hold")

    assert (row.name, row.detail, row.since) == (held.number, "Too dear.", AGO)
    assert row.at_risk == Money(held.customer_charge_amount, "EUR")
    assert row.url == f"/admin/orders/purchaseorder/{held.pk}/change/"


def test_similar_cases_are_one_item_with_a_link_to_the_list():
    (row,) = items_of("feed_issues")

    assert (row.name, row.detail, row.at_risk) == ("A GTIN is not valid", "2 ×", None)
    assert row.url.startswith("/admin/suppliers/syncissue/?code__exact=gtin-check-digit")
    assert issue_labels.issue_label("cost-of-living") == "cost of living", "an unknown code"


def test_items_are_sorted_by_due_time_in_one_query(django_assert_num_queries):
    ITEMS["order_payment_overdue"]()

    with django_assert_num_queries(1):
        waiting = query.load_items(now=NOON)

    assert waiting[0].cause.code == "order_payment_overdue"
    assert [row.due for row in waiting] == sorted(row.due for row in waiting)


def test_many_items_of_one_rule_do_not_hide_others(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(query, "ITEMS_PER_RULE", 1)
    Message.objects.update(status="failed", status_since=AGO)

    with django_assert_num_queries(1):
        inbox = query.load(now=NOON)

    (row,) = [row for row in inbox.rows if row.cause.code == "message_undeliverable"]
    assert row.count == Message.objects.count() > 1
    assert inbox.count > len(inbox.rows) == len(codes(inbox.rows))
    assert "_" not in row.name
    assert codes(inbox.rows) > ALWAYS


def test_items_need_permission_for_their_table():
    looker = make_staff("looker", "view_syncissue")

    waiting = query.load_items(causes=query.rules_for(looker), now=NOON)

    assert codes(waiting) == {"feed_issues"}
    assert query.load_items(causes=(), now=NOON) == []


def test_external_text_cannot_inject_sql():
    Image.objects.update(stem="", problem="'; DROP TABLE catalog_image; --", tries=8)

    (row,) = items_of("images_not_downloaded")

    assert row.name == "'; DROP TABLE catalog_image; --"
    assert "catalog_image" in connection.introspection.table_names()
