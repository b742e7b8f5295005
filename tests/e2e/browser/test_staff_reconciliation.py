"""Staff resolve payment discrepancies in a real browser: find, open, apply, close."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from orders.accounting.reconciliation.discrepancies import Kind, Measure
from orders.models import Discrepancy, Payment, PurchaseOrder, ReconciliationRun
from storefront.accounts.models import User
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, look, visit
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.factories.reconciliation import make_day, make_difference

pytestmark = pytest.mark.browser


@pytest.fixture
def office(world):
    """Create a shop with several payment discrepancies; return its URL."""
    User.objects.create_superuser(**WHO)
    payment = Payment.objects.filter(captured_amount__gt=0).order_by("pk").first()
    purchase_order = PurchaseOrder.objects.filter(status="shipped").first()
    day = make_day()
    make_difference(payment, day=day)
    make_difference(
        kind=Kind.NOT_WITH_US, what=Measure.CAPTURED, day=day, name="pi_3TdV0b2eZvKYlo2C0c5WbHXf"
    )
    make_difference(
        kind=Kind.SUPPLIER_OVERCHARGED,
        what=Measure.SUBTOTAL,
        part="supplier:lumen",
        day=day,
        name=purchase_order.number,
        currency="USD",
        expected=Decimal("24.59"),
        found=Decimal("31.20"),
        purchase_order_id=purchase_order.pk,
        supplier_id=purchase_order.supplier_id,
    )
    return world


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_discrepancy_pages_are_accessible(office, browse, width, theme):
    page = browse(width, theme)
    sign_in(page, office)
    row = Discrepancy.objects.get(kind="refund_unbooked", status="open").pk
    day = ReconciliationRun.objects.order_by("day").last().pk

    for path in (
        "",
        "orders/discrepancy/",
        f"orders/discrepancy/{row}/change/",
        reverse("admin:orders_discrepancy_resolve", args=[row]).removeprefix("/admin/"),
        "orders/reconciliationrun/",
        f"orders/reconciliationrun/{day}/change/",
        "orders/supplierinvoice/",
        "orders/supplierinvoice/add/",
    ):
        visit(page, f"{office}/admin/{path}")
        look(page)


def test_discrepancy_is_opened_from_the_start_page_and_closed(office, browse):
    page = browse()
    row = Discrepancy.objects.get(kind="refund_unbooked", status="open")
    sign_in(page, office)

    page.get_by_role("link", name="Payment mismatch").first.click()
    page.get_by_role("link", name=row.name).first.click()
    page.get_by_text("Do not refund again").wait_for()
    page.get_by_role("link", name="Close with reason").click()
    page.get_by_label("Reason").fill("Booked by hand")
    page.get_by_role("button", name="Close with reason").click()
    page.get_by_text("Discrepancy closed.").wait_for()

    row.refresh_from_db()
    assert (row.status, row.closed_by) == ("settled", WHO["email"])
    assert row.close_reason == "Booked by hand"


def test_list_is_filtered_and_exported(office, browse):
    page = browse()
    sign_in(page, office)
    page.goto(
        f"{office}/admin/orders/discrepancy/?status__exact=open&kind__exact=supplier_overcharged"
    )

    with page.expect_download() as waiting:
        page.get_by_role("link", name="Export CSV").click()

    _heading, line = Path(waiting.value.path()).read_text().splitlines()
    assert "Supplier overcharged,Subtotal,24.59,USD,31.20,USD" in line
