import json
import urllib.request

import pytest

pytestmark = pytest.mark.browser


def test_bought_headlamp_is_shipped_and_invariants_hold(demo):
    bought = demo.manage("smoke", "--base-url", demo.shop)
    checked = demo.manage("check_invariants")

    assert bought.returncode == 0, bought.stdout + bought.stderr
    assert "the order was placed, paid and shipped" in bought.stdout
    assert checked.returncode == 0, checked.stdout + checked.stderr


EACH_WITH_AN_API = """
from django.utils import timezone
from suppliers.compliance import vetting
from suppliers.models import Supplier
for supplier in Supplier.objects.exclude(adapter="feed"):
    vetting.{verb}(supplier=supplier, actor="test", reason="smoke", now=timezone.now())
"""


TOO_EARLY = ("could not find a headlamp in stock", "could not add it to the cart")


def test_order_sent_by_email_is_shipped_in_the_supplier_portal(demo):
    paused = demo.manage("shell", "--no-imports", "-c", EACH_WITH_AN_API.format(verb="pause"))
    # For a second or more after a supplier is paused, lists and cached pages still show its products;
    # the cart refuses them at once.
    tries = (demo.manage("smoke", "--base-url", demo.shop, "--patience", "30") for _ in range(8))
    bought = next(one for one in tries if not any(early in one.stderr for early in TOO_EARLY))
    resumed = demo.manage("shell", "--no-imports", "-c", EACH_WITH_AN_API.format(verb="activate"))

    assert (paused.returncode, resumed.returncode) == (0, 0), paused.stderr + resumed.stderr
    assert bought.returncode == 0, bought.stdout + bought.stderr


def test_unreachable_shop_is_reported_in_one_sentence(demo):
    failed = demo.manage("smoke", "--base-url", "http://127.0.0.1:1/")

    assert failed.returncode == 1
    assert "could not open the shop" in failed.stderr
    assert "Traceback" not in failed.stderr


OURS = """
import json
from orders.models import PurchaseOrder
rows = PurchaseOrder.objects.filter(submission_status="accepted")
print(json.dumps(list(rows.values_list("supplier__code", "number"))))
"""


def test_each_supplier_holds_each_order_once(demo):
    """Whichever supplier routing selected has the accepted order."""
    listed = demo.manage("shell", "--no-imports", "-c", OURS)
    accepted = json.loads(listed.stdout)
    ledgers = {"cj-sandbox": ("sandbox", "order_number"), "bigbuy-sandbox": ("bigbuy", "reference")}

    assert accepted
    for supplier, (name, key) in ledgers.items():
        with urllib.request.urlopen(demo.facts["urls"][name] + "control/orders") as answer:
            numbers = [order[key] for order in json.load(answer)["orders"]]
        assert len(numbers) == len(set(numbers))
        assert {number for code, number in accepted if code == supplier} <= set(numbers)


def test_the_gateway_holds_no_card_number(demo):
    for path in (demo.var / "gateway").glob("*.sqlite*"):
        assert b"4242424242424242" not in path.read_bytes()
