"""Three sandboxes list many of the same goods: the shop has one product of each model."""

import re
from collections import Counter, defaultdict

from django.utils import timezone

from catalog.models import Product
from suppliers.matches import review
from suppliers.models import SupplierOffer
from tests.factories.feeds import sync
from tests.fakes.bigbuy_sandbox import connect_bigbuy
from tests.fakes.cj_sandbox import connect
from tests.fakes.feed_sandbox import connect_feed

# The sandboxes name no two models alike; their titles differ in the order of words.
MODEL = re.compile(r"[A-Z][a-z]+(?: [A-Z]{3})? \d[\d.]*")


def test_each_model_is_one_product_with_the_offers_of_all_its_suppliers(
    shop, sandbox_supplier, bigbuy_sandbox, feed_sandbox, feeds_folder
):
    suppliers = [
        connect(sandbox_supplier), connect_bigbuy(bigbuy_sandbox), connect_feed(feed_sandbox)
    ]  # fmt: skip

    runs = [sync(supplier, now=timezone.now()) for supplier in suppliers]

    assert {run.status for run in runs} == {"applied"}
    titles = Product.objects.filter(status="live").values_list("title", flat=True)
    models = Counter(MODEL.search(title)[0] for title in titles)
    assert [name for name, count in models.items() if count > 1] == []
    suppliers_of = defaultdict(set)
    for variant, supplier in SupplierOffer.objects.values_list("variant", "supplier"):
        suppliers_of[variant].add(supplier)
    assert sum(len(each) == 3 for pk, each in suppliers_of.items() if pk) > 20
    held = SupplierOffer.objects.filter(variant=None)
    assert {*held} == {*review.disputed_offers()}
