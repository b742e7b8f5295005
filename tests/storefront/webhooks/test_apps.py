from __future__ import annotations

import pytest

from storefront.webhooks import tasks
from suppliers.compliance import vetting
from suppliers.models import Supplier
from tests.factories.feeds import NOON
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("adapter", "has_webhooks"), [("cj", True), ("feed", False)])
def test_our_webhooks_are_registered_when_a_supplier_is_activated(
    monkeypatch, settings, django_capture_on_commit_callbacks, adapter, has_webhooks
):
    settings.VETTING_REQUIRED = []
    supplier = make_supplier(adapter=adapter)
    Supplier.objects.update(status="paused")
    supplier.refresh_from_db()
    asked = []
    monkeypatch.setattr(tasks.subscribe, "delay", lambda *, supplier_id: asked.append(supplier_id))

    with django_capture_on_commit_callbacks(execute=True):
        vetting.activate(supplier=supplier, actor="ann", now=NOON)

    assert asked == [supplier.pk] * has_webhooks
