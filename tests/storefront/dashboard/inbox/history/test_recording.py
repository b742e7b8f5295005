"""Recording: each stay of a row in the inbox is one case, with who settled it; touched orders are kept."""

from datetime import timedelta

import pytest

from orders.models import OrderMessage, PurchaseOrder
from storefront.dashboard import tasks
from storefront.dashboard.inbox import assignments, follow_up
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.models import HandledOrder, InboxCase
from storefront.lib.models import AuditEvent
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import AGO, ITEMS
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
CODE = "purchase_order_on_hold"
SOON = NOON + timedelta(minutes=5)
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def held():
    (row,) = make_purchase_orders(make_sellable())
    PurchaseOrder.objects.update(
        status="on_hold", status_since=AGO, submission_status="unsubmitted"
    )
    recording.record(now=NOON)
    return row


def case():
    return InboxCase.objects.get(cause=CODE)


def release(**changes):
    PurchaseOrder.objects.update(status="ready", **changes)
    recording.record(now=LATER)


def test_a_row_is_one_case_until_it_leaves_the_inbox(held):
    recording.record(now=SOON)
    assert (case().row, case().order_id, case().opened_at) == (held.pk, held.order_id, NOON)
    assert case().settled_at is None

    release()
    assert (case().settled_at, case().settled_by) == (LATER, "itself")

    PurchaseOrder.objects.update(status="on_hold")
    recording.record(now=LATER)
    assert InboxCase.objects.filter(cause=CODE, settled_at=None).count() == 1


def assign(held):
    assignments.assign(cause=CODE, row=held.pk, since=None, actor="ann@fara.example", now=SOON)


def move(held):
    held.refresh_from_db()
    held.move(PurchaseOrder.Status.READY, at=SOON, actor="ann@fara.example", hold_reasons=[])


def log(held):
    record_audit("acted", held)


def download(held):
    record_audit("downloaded", held)


def record_audit(action, held):
    AuditEvent.objects.create(
        actor="ann@fara.example",
        action=action,
        subject="orders.PurchaseOrder",
        subject_id=str(held.pk),
    )
    AuditEvent.objects.update(at=SOON)


def answer(held):
    OrderMessage.objects.create(
        order=held.order, author="staff", written_by="ann", text="Soon.", sent_at=SOON
    )


def move_by_customer(held):
    held.refresh_from_db()
    held.move(PurchaseOrder.Status.READY, at=SOON, actor="customer", hold_reasons=[])


def snooze(held):
    follow_up.snooze(cause=CODE, row=held.pk, until=LATER, actor="ann@fara.example", now=SOON)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        *((act, "staff") for act in (assign, move, log, answer)),
        *((act, "itself") for act in (move_by_customer, snooze, download)),
    ],
)
def test_a_case_is_settled_by_hand_if_staff_acted_while_it_was_open(held, act, expected):
    make_staff("ann")
    act(held)

    release()

    assert case().settled_by == expected
    assert HandledOrder.objects.filter(order=held.order_id).exists() == (expected == "staff")


def test_an_act_before_the_case_does_not_count(held):
    make_staff("ann")
    OrderMessage.objects.create(
        order=held.order, author="staff", written_by="ann", text="Hello.", sent_at=AGO
    )

    release()

    assert case().settled_by == "itself"


def test_a_case_that_staff_closed_is_settled_by_hand(shared_world):
    code = "api_request_unfinished"
    ITEMS[code]()
    recording.record(now=NOON)
    found = InboxCase.objects.get(cause=code)
    follow_up.close(cause=code, row=found.row, text="Done.", actor="ann", now=SOON)

    tasks.record_inbox()

    found.refresh_from_db()
    assert found.settled_by == "staff"


def test_rows_that_stand_for_several_records_are_one_case(shared_world):
    recording.record(now=NOON)

    assert InboxCase.objects.get(cause="feed_issues").row == 0


def test_old_cases_and_those_of_former_causes_are_deleted(held):
    release()
    InboxCase.objects.create(cause="gone", row=1, opened_at=NOON)

    recording.record(now=LATER + recording.RETENTION + timedelta(days=1))

    assert not InboxCase.objects.filter(settled_by="itself", cause=CODE).exists()
    assert not InboxCase.objects.filter(cause="gone").exists()
