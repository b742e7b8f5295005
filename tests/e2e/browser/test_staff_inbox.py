"""Staff resolve inbox items in a real browser, by buttons, by keys, one by one or together."""

from datetime import timedelta

import pytest

from notifications.models import Message
from orders.models import PurchaseOrder
from storefront.dashboard.models import InboxAssignment
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import WHO, office, sign_in  # noqa: F401 - a fixture
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.browser

REASONS = [
    {"code": "cost", "sentence": "Ridge 1800: cost 10.00 EUR when sold, 12.00 EUR now."},
    {"code": "stock", "sentence": "Ridge 1800: the supplier reports 1, sold 2.", "subject": "A"},
    {"code": "payment", "sentence": "Only 1.00 EUR of 49.98 EUR is authorized or captured."},
]


@pytest.fixture
def held(office):  # noqa: F811
    """A purchase order on hold, and failed notifications."""
    ago = NOON - timedelta(hours=9)
    Message.objects.update(status="failed", status_since=ago)
    made = PurchaseOrder.objects.filter(status="draft").first()
    made.move("on_hold", at=ago, hold_reasons=REASONS)
    return made


@pytest.mark.parametrize("width", [360, pytest.param(1280, marks=pytest.mark.full)])
def test_each_hold_reason_is_waived_by_its_own_button(office, browse, held, width):  # noqa: F811
    page = browse(width)
    sign_in(page, office)
    look(page)
    page.get_by_role("link", name="Purchase order on hold", exact=True).click()
    page.locator("#runbook").wait_for()

    row = page.get_by_role("row", name=held.number)
    assert row.get_by_role("button", name="Waive hold reason").count() == 2
    row.get_by_role("button", name="12.00 EUR now").click()

    page.get_by_text(f"{held.number}: this hold reason is waived.").wait_for()
    assert row.get_by_role("button", name="Waive hold reason").count() == 1
    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("on_hold", REASONS[1:])
    look(page)

    page.get_by_role("link", name="Needs attention").click()
    page.locator("#waiting-title").get_by_text("Needs attention").wait_for()
    page.get_by_role("link", name="Notification could not be delivered", exact=True).click()
    page.locator("#runbook").wait_for()
    assert page.get_by_role("row").count() == Message.objects.count() + 1
    look(page)


def test_inbox_is_worked_by_keys(office, browse, held):  # noqa: F811
    page = browse()
    sign_in(page, office)
    causes = page.locator("[data-open]")

    page.keyboard.press("j")
    assert causes.first.evaluate("link => link === document.activeElement")
    page.keyboard.press("j")
    page.keyboard.press("k")
    name = causes.first.inner_text()
    page.keyboard.press("Enter")
    page.locator("#waiting-title").get_by_text(name).wait_for()
    page.locator("#runbook").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("a")

    page.get_by_text(WHO["email"]).first.wait_for()
    assert InboxAssignment.objects.count() == 1
    page.get_by_text("Note or snooze").first.click()
    page.get_by_label("Note").first.fill("jak")
    assert page.get_by_label("Note").first.input_value() == "jak", "no key acts in a field"
