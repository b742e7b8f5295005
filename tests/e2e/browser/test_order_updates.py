"""An open order page, in a browser: updates itself when the carrier reports, then stops."""

from datetime import timedelta

import pytest

from shipping.shipments.statuses import TrackingUpdate
from storefront.web.orders import views
from tests.e2e.browser.conftest import overflow, violations, visit
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    apply_updates,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.browser


def report(status, hours, place):
    happened_at = NOON - timedelta(hours=hours)
    apply_updates(TrackingUpdate(status=status, place=place, happened_at=happened_at))


def test_open_page_shows_news_without_a_reload_and_stops_when_all_arrived(
    shop, browse, monkeypatch
):
    monkeypatch.setattr(views, "POLL_PARCELS_S", 1)
    purchase_order = make_accepted_purchase_order(make_sellable())
    take_in(purchase_order, "shipped", make_shipment_notice())
    for hours, place in ((9, "Shenzhen"), (8, "Leipzig"), (7, "Halle"), (6, "Potsdam")):
        report("in_transit", hours, place)
    order = purchase_order.order
    path = f"/en/orders/{order.number}/{order.access_key}/"
    page = browse(360, "dark")
    visit(page, shop + path)
    polls = []
    page.on("response", lambda answer: polls.append(answer.status) if path in answer.url else None)

    page.get_by_text("1 earlier update").click()
    page.wait_for_timeout(3_000)
    unchanged = [*polls]
    assert page.get_by_text("Shenzhen").is_visible(), "an unchanged page keeps its open parts"
    assert overflow(page) <= 0
    assert violations(page) == []
    report("attempt_failed", 1, "Berlin")
    page.get_by_text("Berlin").wait_for()
    report("delivered", 0, "Berlin")
    page.get_by_role("heading", name="Delivered.").wait_for()
    page.wait_for_timeout(1_000)
    seen = len(polls)
    page.wait_for_timeout(3_000)

    assert len(unchanged) >= 2
    assert set(unchanged) == {304}
    assert len(polls) == seen
