from datetime import timedelta

import pytest
from django.utils import timezone

from storefront.webhooks import tasks
from suppliers.models import Supplier
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("within_s", "codes"), [(90, ["new"]), (None, ["new", "old"])])
def test_new_supplier_is_subscribed_before_the_hourly_sweep(monkeypatch, within_s, codes):
    for code, adapter, age_s in (("new", "cj", 30), ("old", "cj", 600), ("files", "feed", 30)):
        supplier = make_supplier(code, adapter=adapter)
        since = timezone.now() - timedelta(seconds=age_s)
        Supplier.objects.filter(pk=supplier.pk).update(status_since=since)
    asked = []
    monkeypatch.setattr(tasks.subscribe, "delay", lambda *, supplier_id: asked.append(supplier_id))

    tasks.subscribe_all(activated_within_s=within_s)

    names = Supplier.objects.filter(pk__in=asked).order_by("code").values_list("code", flat=True)
    assert list(names) == codes
