"""A supplier without an API, in a real browser: order, e-mail, confirmation and shipment."""

import email
import email.policy
import re
from datetime import timedelta

import pytest

from notifications import dispatch
from notifications.models import Event
from orders.models import PurchaseOrder
from orders.purchasing import submission
from shipping.models import Parcel
from suppliers.models import Connection, Supplier
from suppliers.portal_links import links
from tests.e2e.browser.conftest import look, overflow, visit
from tests.factories.orders import make_paid_order, make_purchase_orders, make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON, make_supplier
from tests.notifications.smtp_servers import mailbox, mailers

pytestmark = pytest.mark.browser

NUMBER = "JJD000390007882123456"


def by_mail(language="en"):
    """Let the supplier of all products receive orders by e-mail."""
    Supplier.objects.update(adapter="feed", language=language)
    Connection.objects.update(options={"orders_to": "orders@lumen.example"})


def send(purchase_order):
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=fresh.get(pk=purchase_order.pk), now=NOON)


def deliver(folder, settings):
    """Send all pending e-mails, as the workers do, and return them by recipient."""
    with mailbox(folder) as port:
        settings.MAILERS = mailers(port)
        for event in Event.objects.filter(fanned_out_at=None).order_by("pk"):
            for message in dispatch.fan_out(event=event, now=NOON):
                dispatch.send(message=message, now=NOON)
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]
    return {who: [mail for mail in mails if mail["To"] == who] for who in {m["To"] for m in mails}}


def link_in(mail):
    text = mail.get_body(("plain",)).get_content()
    (link,) = set(re.findall(r"https?://\S+/supplier/\S+", text))
    assert link in mail.get_body(("html",)).get_content()
    return link


@pytest.mark.parametrize("scripts", [False, True])
def test_order_by_email_is_confirmed_and_shipped_once(shop, browse, settings, tmp_path, scripts):
    goods = make_sellable(), make_sellable(price="19.99")
    order = make_paid_order(*goods, quantity=2)
    by_mail()
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    assert send(purchase_order).submission_status == "submitted"
    (mail,) = deliver(tmp_path / "mail", settings)["orders@lumen.example"]
    assert mail["Subject"] == f"New order {purchase_order.number}"
    page = browse(1280 if scripts else 360, scripts=scripts)

    visit(page, link_in(mail))
    assert "Musterweg 1" in page.inner_text("main")
    page.get_by_role("button", name="Send answer").click()
    page.get_by_text("We received your answer.").wait_for()
    first = purchase_order.lines.order_by("pk").first()
    page.get_by_label("Carrier").fill("DHL")
    page.get_by_role("button", name="Add parcel").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    stale = page.context.new_page()
    visit(stale, link_in(mail))
    for tab in (page, stale):
        tab.get_by_label("Carrier").fill("DHL")
        tab.get_by_label("Tracking number").fill(NUMBER)
        tab.fill(f"[name=units_{first.order_line_id}]", "1")
        tab.get_by_role("button", name="Add parcel").click()
        tab.get_by_text("The parcel is saved").wait_for()
    page.reload()
    page.get_by_text(NUMBER).first.wait_for()

    purchase_order.refresh_from_db()
    assert purchase_order.submission_status == "accepted"
    assert purchase_order.status == "partially_shipped"
    assert Parcel.objects.get().number == NUMBER
    mails = deliver(tmp_path / "mail", settings)
    assert [mail["Subject"] for mail in mails["erika@example.org"] if NUMBER in str(mail)] == [
        f"A parcel of order {order.number} is on its way"
    ]
    assert len(mails["orders@lumen.example"]) == 1
    page.get_by_role("button", name="Mark as delivered").click()
    page.get_by_text("Marked as delivered.").wait_for()
    assert Parcel.objects.get().status == "delivered"


@pytest.mark.parametrize(
    ("language", "width"),
    [
        ("az", 360),
        pytest.param("az", 1280, marks=pytest.mark.full),
        pytest.param("en", 360, marks=pytest.mark.full),
        pytest.param("en", 1280, marks=pytest.mark.full),
    ],
)
def test_portal_pages_are_accessible(shop, browse, language, width):
    by_mail(language)
    purchases = make_purchase_orders(make_sellable(), make_sellable(price="19.99"), quantity=2)
    (purchase_order,) = purchases
    send(purchase_order)
    page = browse(width, "dark" if width < 1000 else "light")

    key = PurchaseOrder.objects.get().access_key
    visit(page, f"{shop}/{language}/supplier/{purchase_order.number}/{key}/")
    look(page)
    page.locator("form[action$='/parcel/'] button").click()
    page.locator("#problem").wait_for()
    look(page)
    selects = page.locator("form[action$='/answer/'] select")
    selects.nth(1).select_option("out_of_stock")
    page.locator("form[action$='/answer/'] button").first.click()
    page.locator(".note-good").wait_for()
    look(page)
    page.fill("[name=carrier]", "DHL")
    page.fill("[name=number]", NUMBER)
    page.locator("form[action$='/parcel/'] button").click()
    page.locator("form[action$='/arrived/'] button").wait_for()
    look(page)
    page.locator("form[action$='/arrived/'] button").click()
    page.locator(".note-good").wait_for()
    look(page)


@pytest.mark.parametrize("language", ["en", "de", "tr", "zh-hans"])
def test_list_of_orders_works_on_a_phone_without_scripts(shop, browse, language):
    for _ in range(2):
        make_sent_purchase_order(quantity=2)
    late = make_accepted_purchase_order()
    PurchaseOrder.objects.filter(pk=late.pk).update(accepted_at=NOON - timedelta(days=9))
    url = links.create_link(
        supplier=make_supplier(), former_id=None, email="", actor="ann", now=NOON
    )
    page = browse(360, scripts=False)

    visit(page, url.replace("/en/", f"/{language}/"))
    assert overflow(page) <= 0
    page.locator("input[name=order]").first.check()
    page.locator("form[action$='confirm/'] button").click()
    assert overflow(page) <= 0
    page.locator("main a").first.click()
    page.locator(".portal-order a").first.click()
    assert overflow(page) <= 0

    assert PurchaseOrder.objects.exclude(accepted_at=None).count() == 2
