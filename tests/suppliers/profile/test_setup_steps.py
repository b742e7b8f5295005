"""Setup steps: the supplier page leads from the first form to activation."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from suppliers.connections import tasks as connection_tasks
from suppliers.models import Connection, ShippingService, Supplier
from suppliers.profile import setup_steps
from suppliers.sync import tasks as sync_tasks
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db

GOODS = """SKU;EAN;Title;EK;Bestand;Category
HL-700;5901234123457;Headlamp Trail 700;14,20;124;Headlamps
HL-701;;Headlamp Trail 701;15,90;10;Headlamps
"""


def states(supplier):
    return {str(step.title): step.is_done for step in setup_steps.list_steps(supplier, now=NOON)}


def filled_in(response):
    inlines = [each.formset.management_form for each in response.context["inline_admin_formsets"]]
    fields = [field for form in (response.context["adminform"].form, *inlines) for field in form]
    return {field.html_name: "" if (v := field.value()) is None else v for field in fields}


def test_a_file_supplier_is_set_up_in_six_steps(staff, settings, monkeypatch):
    settings.VETTING_REQUIRED = []
    monkeypatch.setattr(
        connection_tasks.run_health_check, "delay", connection_tasks.run_health_check
    )
    monkeypatch.setattr(sync_tasks.sync_now, "delay", sync_tasks.sync_now)

    # 1. Add: the connection page opens.
    add = reverse("admin:suppliers_supplier_add")
    given = filled_in(staff.get(add)) | {"name": "Lumen", "code": "lumen", "adapter": "feed"}
    page = staff.post(add, {**given, "currency": "EUR", "_save": "1"}, follow=True)
    assert not page.context.get("errors"), page.context["errors"]
    supplier = Supplier.objects.get()
    assert page.request["PATH_INFO"] == reverse(
        "admin:suppliers_connection_change", args=[Connection.objects.get().pk]
    )
    assert not any(states(supplier).values())

    # 2. Credentials: the supplier page opens with the next step.
    connection = filled_in(page) | {
        "option_via": "upload",
        "option_orders_to": "orders@lumen.example",
    }
    page = staff.post(page.request["PATH_INFO"], {**connection, "_save": "1"}, follow=True)
    next_page = re.search(r'Next</span>\s*<a href="([^"]+)"', page.content.decode())[1]
    assert next_page == reverse("admin:suppliers_supplier_mapping", args=[supplier.pk])

    # 3. Mapping: upload a file, preview, save.
    file = SimpleUploadedFile("liste.csv", GOODS.encode())
    shown = staff.post(next_page, {"step": "upload", "file": file}, follow=True)
    mapping = {b.html_name: "" if (v := b.value()) is None else v for b in shown.context["form"]}
    at = f"{next_page}?content=products&file={shown.context['file']}"
    seen = staff.post(at, {**mapping, "step": "preview"}).context["seen"]
    staff.post(at, {**mapping, "step": "save", "seen": seen})

    # 4. Initial import: nothing is sold before activation.
    staff.post(reverse("admin:suppliers_supplier_sync_now", args=[supplier.pk]))
    supplier = Supplier.objects.get()
    assert states(supplier) == {
        "Connection": True, "Mapping": True, "Connection check": True, "Initial import": True,
        "Shipping services": False, "Activation": False,
    }  # fmt: skip

    # 5. A shipping service; the form has the warehouse filled in.
    detail = unescape(
        staff.get(reverse("admin:suppliers_supplier_change", args=[supplier.pk])).content.decode()
    )
    add = re.search(r'Next</span>\s*<a href="([^"]+)"', detail)[1]
    route = filled_in(staff.get(add)) | {
        "code": "std", "carrier_service": "DHL", "tier": "economy", "currency": "EUR",
        "base_amount": "4.90", "per_kg_amount": "0", "min_days": "2", "max_days": "4",
    }  # fmt: skip
    staff.post(add, {k: v for k, v in route.items() if v is not False} | {"_save": "1"})
    assert ShippingService.objects.get().location.supplier == supplier

    # 6. Activate.
    staff.post(
        reverse("admin:suppliers_supplier_activate", args=[supplier.pk]), {"reason": "Contract."}
    )
    assert all(states(Supplier.objects.get()).values())


def test_missing_documents_are_listed_before_activation(settings):
    settings.VETTING_REQUIRED = ["returns", "ce"]
    supplier = make_supplier("lumen", adapter="cj")
    Supplier.objects.update(status="candidate")
    supplier.refresh_from_db()

    found = {str(step.title): step for step in setup_steps.list_steps(supplier, now=NOON)}

    assert "Mapping" not in found
    assert "Returns and warranty policy" in str(found["Compliance documents"].hint)
    assert not found["Compliance documents"].is_done
