"""A day of a buyer in a real browser: compare suppliers, approve prices in bulk, rehearse routing."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from catalog.models import Listing, PriceHold
from orders.models import RoutingRules
from storefront.accounts.models import User
from storefront.dashboard.login import groups
from suppliers.models import Supplier
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import sign_in
from tests.factories.suppliers import NOON, make_supplier

pytestmark = [pytest.mark.browser, pytest.mark.full]
RAISE = Decimal(2)
CANDIDATE = "Beamworks"


@pytest.fixture
def office(world):
    """Create a buyer, a fast candidate, a price change for each listing; return the URL."""
    groups.create_groups()
    candidate = make_supplier(code=CANDIDATE.lower())
    Supplier.objects.filter(pk=candidate.pk).update(status="candidate", lead_days=0)
    user = User.objects.create_user("buyer@fara.example", "a good password", is_staff=True)
    user.groups.add(Group.objects.get(name="Buyer"))
    for listing in Listing.objects.all():
        PriceHold.objects.create(
            listing=listing,
            status_since=NOON,
            opened_at=NOON,
            reason="moved_too_far",
            sentence="It rises by 2.00.",
            breakdown={"figures": {"old": "1", "new": "3", "move": "200 %"}},
            old_amount=listing.price_amount,
            proposed_amount=listing.price_amount + RAISE,
            cost_amount=listing.cost_amount,
            rule=listing.rule,
        )
    return world


def compare_suppliers(page, office):
    """Select suppliers in their list, a candidate too; sort them by a criterion."""
    page.goto(f"{office}/admin/suppliers/supplier/")
    look(page)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("compare_selected")
    page.get_by_role("button", name="Run").click()
    page.locator("#side-title").wait_for()
    look(page)
    statuses = page.get_by_role("row").filter(has_text="Only active suppliers sell.")
    assert "Candidate" in statuses.get_by_role("cell").all_inner_texts()
    page.get_by_role("link", name="Handling time (days)").click()
    page.locator("table a[aria-current]").wait_for()
    first = page.get_by_role("columnheader").nth(1)
    assert first.inner_text() == CANDIDATE
    first.get_by_role("link").click()
    page.locator("#supplier-title", has_text=CANDIDATE).wait_for()


def approve_prices(page, office):
    before = dict(Listing.objects.values_list("pk", "price_amount"))
    page.get_by_role("link", name="Price change needs approval", exact=True).click()
    page.locator("#runbook").wait_for()
    page.goto(f"{office}/admin/catalog/pricehold/?status__exact=open")
    look(page)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("approve_all")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Approve suggested prices").click()
    page.get_by_text(f"{len(before)} done.").wait_for()
    after = dict(Listing.objects.values_list("pk", "price_amount"))
    assert after == {pk: price + RAISE for pk, price in before.items()}
    assert not PriceHold.objects.filter(status="open").exists()


def rehearse_routing(page):
    listing = Listing.objects.select_related("variant").first()
    page.locator("#nav-sidebar h2", has_text="Settings").click()
    page.get_by_role("link", name="Routing simulator").click()
    page.locator("[name=lines]").fill(f"{listing.variant.sku} 2")
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("status").get_by_text("1 parcel.").wait_for()
    page.locator("#lines-title").wait_for()
    look(page)
    page.locator("[name=lines]").fill(f"{listing.variant.sku} 999")
    page.get_by_role("button", name="Simulate").click()
    page.get_by_text("This quantity cannot be shipped there.").first.wait_for()
    assert not RoutingRules.objects.exists(), "a rehearsal stores nothing"


def test_a_buyer_compares_approves_and_rehearses(office, browse):
    page = browse()
    sign_in(page, office, "buyer@fara.example")

    compare_suppliers(page, office)
    page.goto(f"{office}/admin/")
    approve_prices(page, office)
    rehearse_routing(page)
