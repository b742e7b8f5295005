"""A supplier's system posts stock and tracking with the program of its page; the customer is told."""

import json
import re
import shlex
import subprocess
from html import unescape
from urllib.parse import urljoin

import pytest

from storefront.ops.http_visitor import Visitor
from storefront.ops.smoke_test import ADDRESS, CARD, SmokeTest
from tests.support.waiting import eventually

pytestmark = pytest.mark.browser
SUPPLIER = "feed-sandbox"
OFFER = f"""
import json
from suppliers.models import SupplierOffer
offers = SupplierOffer.objects.sellable().filter(supplier__code="{SUPPLIER}")
others = SupplierOffer.objects.exclude(supplier__code="{SUPPLIER}")
elsewhere = others.filter(variant__isnull=False).values("variant")
offer = offers.exclude(variant__in=elsewhere).select_related("variant__product").first()
print(json.dumps([offer.supplier_id, offer.supplier_sku, offer.variant.product.slug]))
"""
PURCHASE_ORDER = """
import json
from orders.models import PurchaseOrder
found = PurchaseOrder.objects.filter(
    order__number="{number}", submission_status__in=["submitted", "accepted"]
).first()
print(json.dumps(found and found.number))
"""
QUANTITY = f"""
import json
from suppliers.models import StockLevel
levels = StockLevel.objects.filter(
    offer__supplier__code="{SUPPLIER}", offer__supplier_sku="{{sku}}"
)
print(json.dumps([level.reported_quantity for level in levels]))
"""


def ask(demo, script):
    answer = demo.manage("shell", "--no-imports", "-c", script)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def program_of(page):
    """Return the program that the page shows, as a person copies it."""
    return unescape(re.search(r"<code>(URL=.*?)</code>", page.text, re.DOTALL)[1])


def body_of(program):
    """Return the example that a program sends."""
    return json.loads(shlex.split(re.search(r"^BODY=(.*)$", program, re.MULTILINE)[1])[0])


def run_program(program, body):
    """Run the program with another body; return the HTTP status."""
    program = re.sub(
        r"^BODY=.*$", lambda _: f"BODY={shlex.quote(json.dumps(body))}", program, flags=re.MULTILINE
    )
    done = subprocess.run(
        ["sh", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout.split()[-1])


def buy(demo, slug):
    """Buy one light as a guest; return the visitor and the number of the order."""
    guest = Visitor()
    product = guest.open(urljoin(demo.shop, f"/en/p/{slug}/"))
    cart = guest.submit(product, product.form("listing", "quantity"), {})
    start = guest.open(cart.link("/checkout/"))
    filled = {**ADDRESS, "email": "posted@example.org"}
    delivery = guest.submit(start, start.form("email", "line1"), filled)
    review = guest.submit(delivery, delivery.form("tier"), SmokeTest._tier(delivery))
    paying = guest.submit(review, review.form("agreed"), {})
    order = guest.submit(paying, paying.form("card"), {"card": CARD, "action": "pay"})
    return guest, SmokeTest._number(order.url), order.url


def test_posted_stock_is_offered_and_a_posted_parcel_is_told(demo):
    supplier_id, sku, slug = ask(demo, OFFER)
    staff = Visitor()
    sign_in = staff.open(urljoin(demo.shop, "/admin/login/"))
    account = demo.facts["staff"]
    staff.submit(
        sign_in,
        sign_in.form("username", "password"),
        {"username": account["email"], "password": account["password"]},
    )
    address = urljoin(
        demo.shop, f"/admin/hooks/inboundwebhook/connect/{supplier_id}/?payload=stock"
    )
    page = staff.open(address)
    program = program_of(staff.submit(page, page.form("overlap"), {"action": "rotate"}))

    stock = body_of(program)
    stock["rows"][0]["quantity"] += 7
    assert run_program(program.replace("whsec_", "whsec_AA", 1), stock) == 401
    assert run_program(program, stock) == 200
    posted = stock["rows"][0]
    eventually(
        lambda: posted["quantity"] in ask(demo, QUANTITY.format(sku=posted["sku"])),
        within_s=90,
        every_s=0.5,
    )

    guest, number, order_url = buy(demo, slug)
    purchase_order = eventually(
        lambda: ask(demo, PURCHASE_ORDER.format(number=number)), within_s=90, every_s=0.5
    )
    parcel = {
        "carrier": "DHL",
        "number": "00340434161094042557",
        "status": "In transit",
        "lines": [{"sku": sku, "quantity": 1}],
    }
    tracking = {
        "type": "tracking",
        "order": purchase_order,
        "answer": "shipped",
        "parcels": [parcel],
    }
    for _ in range(2):  # a repeated call tells the customer once
        assert run_program(program, tracking) == 200
    eventually(lambda: parcel["number"] in guest.open(order_url).text, within_s=90, every_s=0.5)
    eventually(lambda: mails_about(demo, number), within_s=90, every_s=0.5)
    assert len(mails_about(demo, number)) == 1


def mails_about(demo, number):
    found = []
    for file in (demo.var / "mail").glob("*.eml"):
        text = file.read_text(errors="replace")
        subject = re.search(r"^Subject: (.*)$", text, re.MULTILINE)
        if subject and number in subject[1] and "on its way" in subject[1]:
            found.append(file.name)
    return found
