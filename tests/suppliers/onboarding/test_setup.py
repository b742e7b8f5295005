"""Setup of a supplier: five steps lead from nothing to activation."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from suppliers.connections import tasks as connection_tasks
from suppliers.models import (
    ComplianceDocument,
    Connection,
    FeedUpload,
    ShippingService,
    StockLocation,
    Supplier,
    SupplierProduct,
    SyncRun,
)
from suppliers.onboarding import dry_run, steps
from suppliers.onboarding import tasks as onboarding_tasks
from suppliers.onboarding.steps import StepName
from suppliers.sync import tasks as sync_tasks
from tests.factories.accounts import make_staff
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db

GOODS = """SKU;EAN;Title;EK;Bestand;Category
HL-700;5901234123457;Headlamp Trail 700;14,20;124;Headlamps
HL-701;;Headlamp Trail 701;15,90;10;Headlamps
"""
ADD = "/admin/suppliers/supplier/add/"
BASICS = {
    "name": "Lumen", "code": "lumen", "kind": "feed:upload", "country": "de", "currency": "eur",
    "language": "en",
}  # fmt: skip
SERVICE = {
    "action": "add_service", "code": "std", "carrier_service": "DHL", "tier": "economy",
    "currency": "EUR", "base_amount": "4.90", "per_kg_amount": "0", "min_days": "2",
    "max_days": "4", "max_weight_g": "2000",
}  # fmt: skip


@pytest.fixture
def workers(monkeypatch):
    """Run tasks at once."""
    for task in (
        connection_tasks.run_health_check, onboarding_tasks.run_dry_run, sync_tasks.sync_now
    ):  # fmt: skip
        monkeypatch.setattr(task, "delay", task)


def url(supplier, step):
    return steps.step_url(supplier, StepName(step))


def done_steps():
    listed = steps.list_steps(Supplier.objects.get(), now=NOON)
    return [step.name.value for step in listed if step.is_done]


def add(staff, **changes):
    return staff.post(ADD, BASICS | changes, follow=True)


def upload(text=GOODS):
    return SimpleUploadedFile("liste.csv", text.encode() if isinstance(text, str) else text)


def save_mapping(staff, supplier):
    page = staff.get(url(supplier, "mapping"))
    mapping = {b.html_name: "" if (v := b.value()) is None else v for b in page.context["form"]}
    at = f"{url(supplier, 'mapping')}?file={page.context['file']}"
    seen = staff.post(at, {**mapping, "step": "preview"}).context["seen"]
    staff.post(at, {**mapping, "step": "save", "seen": seen})


@pytest.mark.usefixtures("workers")
def test_a_supplier_whose_file_is_uploaded_is_set_up_in_five_steps(staff, settings):
    settings.VETTING_REQUIRED = ["returns"]

    page = add(staff)
    supplier = Supplier.objects.get()
    assert page.request["PATH_INFO"] == url(supplier, "connection")
    assert (supplier.currency, done_steps()) == ("EUR", ["supplier"])
    assert "base_url" not in page.context["form"].fields

    page = staff.post(
        url(supplier, "connection"),
        {"file": upload(), "option_orders_to": "orders@lumen.example"},
        follow=True,
    )
    assert page.request["PATH_INFO"] == url(supplier, "mapping")
    assert Connection.objects.get().base_url == ""

    save_mapping(staff, supplier)
    assert supplier.mappings.get().spec["country"] == "DE"
    page = staff.post(url(supplier, "mapping"), {"action": "dry_run"}, follow=True)
    assert "2 products were read, 2 can be imported" in page.content.decode()
    assert not SupplierProduct.objects.exists()

    staff.post(url(supplier, "import"), {"action": "import"})
    location = supplier.locations.get()
    assert {run.status for run in SyncRun.objects.all()} == {"applied"}
    assert location.levels.count() == 2
    staff.post(url(supplier, "import"), SERVICE | {"location": location.pk})
    assert ShippingService.objects.get().location == location
    assert done_steps() == ["supplier", "connection", "mapping", "import"]

    activation = url(supplier, "activation")
    refused = staff.post(activation, {"action": "activate", "reason": "Contract."})
    assert "Missing verified documents" in refused.content.decode()
    staff.post(activation, {"action": "add_document", "criterion": "returns", "kind": "policy"})
    staff.post(activation, {"action": "verify", "document": ComplianceDocument.objects.get().pk})
    staff.post(activation, {"action": "activate", "reason": "Contract."})

    assert Supplier.objects.get().status == "active"
    assert len(done_steps()) == len(StepName)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "Lumen GmbH"}, "code"),
        ({"kind": ""}, "kind"),
        ({"country": ""}, "country"),
        ({"country": "XX"}, "country"),
        ({"currency": "€"}, "currency"),
    ],
)
def test_wrong_basics_are_refused_and_nothing_typed_is_lost(staff, changes, field):
    page = add(staff, **changes)

    assert field in page.context["form"].errors
    assert not Supplier.objects.exists()
    assert 'value="Lumen"' in page.content.decode()


def test_a_code_that_another_supplier_has_is_refused(staff):
    make_supplier("lumen")

    assert "code" in add(staff).context["form"].errors


def test_a_file_is_kept_if_another_field_is_wrong(staff):
    add(staff)
    supplier = Supplier.objects.get()

    page = staff.post(
        url(supplier, "connection"), {"file": upload(), "option_orders_to": "no address"}
    )
    assert "option_orders_to" in page.context["form"].errors
    page = staff.post(
        url(supplier, "connection"), {"option_orders_to": "orders@lumen.example"}, follow=True
    )

    assert page.request["PATH_INFO"] == url(supplier, "mapping")
    assert FeedUpload.objects.count() == 1


def test_an_error_in_the_address_keeps_the_connection_test_on_the_page(staff):
    add(staff, kind="feed:https")

    page = staff.post(
        url(Supplier.objects.get(), "connection"),
        {
            "action": "test",
            "base_url": "no address",
            "option_orders_to": "orders@lumen.example",
        },
    )

    assert "base_url" in page.context["form"].errors
    assert "Save and test connection" in page.content.decode()
    assert "upload" not in page.context


def test_a_file_without_rows_stops_at_the_connection(staff):
    add(staff)
    supplier = Supplier.objects.get()

    page = staff.post(
        url(supplier, "connection"),
        {"file": upload("SKU;Title\n"), "option_orders_to": "orders@lumen.example"},
        follow=True,
    )

    assert page.request["PATH_INFO"] == url(supplier, "connection")
    assert "The file has no rows below the column names." in page.content.decode()


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(("heading", "missing"), [("EK", "cost"), ("Bestand", "stock")])
def test_a_mapping_without_cost_or_stock_is_not_done(staff, heading, missing):
    add(staff)
    supplier = Supplier.objects.get()
    file = {"file": upload(GOODS.replace(heading, "X")), "option_orders_to": "orders@lumen.example"}
    staff.post(url(supplier, "connection"), file)
    save_mapping(staff, supplier)

    page = staff.post(url(supplier, "mapping"), {"action": "dry_run"}, follow=True)

    assert f"Map the column of the {missing}." in page.content.decode()
    assert done_steps() == ["supplier", "connection"]


def test_a_file_that_cannot_be_read_stops_at_the_connection(staff):
    add(staff)
    supplier = Supplier.objects.get()

    page = staff.post(
        url(supplier, "connection"),
        {"file": upload(b"\x89PNG\r\n\x1a\n\x00\x00"), "option_orders_to": "orders@lumen.example"},
        follow=True,
    )

    assert page.request["PATH_INFO"] == url(supplier, "connection")
    assert "liste.csv cannot be read" in page.content.decode()


@pytest.mark.usefixtures("workers")
def test_the_test_of_a_connection_shows_its_result_in_words(staff):
    add(staff, kind="bigbuy", country="")
    supplier = Supplier.objects.get()
    missing = staff.post(url(supplier, "connection"), {"action": "test", "base_url": ""})
    assert {"base_url", "secret_api_key"} <= missing.context["form"].errors.keys()

    page = staff.post(
        url(supplier, "connection"),
        {
            "action": "test",
            "base_url": "http://127.0.0.1:9/",
            "secret_api_key": "key",
            "calls_per_second": "1",
        },
        follow=True,
    )

    text = page.content.decode()
    assert "Failed" in text
    assert "connection" not in done_steps()


def test_an_api_gets_no_default_warehouse_from_the_country(staff):
    add(staff, kind="bigbuy", country="de")

    assert not Supplier.objects.get().locations.exists()


def test_a_file_that_names_its_warehouses_needs_no_service_for_the_default_one(staff):
    add(staff)
    supplier = Supplier.objects.get()
    for kind in SyncRun.Kind.values:
        SyncRun.objects.create(
            supplier=supplier,
            kind=kind,
            status="applied",
            status_since=NOON,
            started_at=NOON,
            lease_until=NOON,
        )
    StockLocation.objects.create(supplier=supplier, code="HH", country="DE")

    missing = {step.name.value: step.missing for step in steps.list_steps(supplier, now=NOON)}

    assert missing["import"] == "Add a shipping service for each warehouse: HH."


def test_a_typed_key_is_not_lost_by_an_error_elsewhere(staff):
    add(staff, kind="bigbuy", country="")

    page = staff.post(
        url(Supplier.objects.get(), "connection"), {"base_url": "wrong", "secret_api_key": "typed"}
    )

    assert 'value="typed"' in page.content.decode()
    assert "typed" not in staff.get(url(Supplier.objects.get(), "connection")).content.decode()


def test_the_list_and_the_page_lead_to_the_next_step(staff):
    add(staff)
    supplier = Supplier.objects.get()

    listed = staff.get(reverse("admin:suppliers_supplier_changelist")).content.decode()
    setup = reverse("admin:suppliers_supplier_setup", args=[supplier.pk])
    assert setup in listed
    assert staff.get(setup)["Location"] == url(supplier, "connection")
    page = unescape(
        staff.get(reverse("admin:suppliers_supplier_change", args=[supplier.pk])).content.decode()
    )
    assert re.search(r'Next</span>\s*<a href="([^"]+)"', page)[1] == url(supplier, "connection")


def test_a_failed_dry_run_says_why(staff):
    supplier = make_supplier("lumen", adapter="cj")

    report = dry_run.run(supplier=supplier, now=NOON)

    assert report["problem"]
    assert report["problem"] in unescape(staff.get(url(supplier, "mapping")).content.decode())


@pytest.mark.usefixtures("workers")
def test_a_dry_run_lists_its_findings_by_row_and_column(staff):
    add(staff)
    supplier = Supplier.objects.get()
    goods = GOODS.replace("HL-701;;", "HL:701;5901234123458;")
    file = {"file": upload(goods), "option_orders_to": "orders@lumen.example"}
    staff.post(url(supplier, "connection"), file)
    save_mapping(staff, supplier)

    page = staff.post(url(supplier, "mapping"), {"action": "dry_run"}, follow=True)

    text = page.content.decode()
    assert "HL:701 <small>row 2</small></th><td>EAN</td><td>5901234123458</td>" in text
    table = staff.get(reverse("supply:setup_findings", args=[supplier.pk])).getvalue().decode()
    assert "\n2,HL:701,EAN,5901234123458,A GTIN is not valid," in table


def test_a_new_dry_run_forgets_the_last_report(staff):
    supplier = make_supplier("lumen", adapter="cj")
    dry_run.run(supplier=supplier, now=NOON)

    dry_run.request(supplier=supplier, now=NOON)

    report = dry_run.last_report(Connection.objects.get(supplier=supplier))
    assert report["problem"] is None
    assert dry_run.is_running(report, now=NOON)


def test_a_form_is_not_on_a_page_that_refreshes_itself(staff):
    supplier = make_supplier("lumen", adapter="feed")
    dry_run.request(supplier=supplier, now=timezone.now())

    page = staff.get(url(supplier, "mapping"))

    assert page.context["refresh_after_s"]
    assert "form" not in page.context


@pytest.mark.parametrize("step", StepName)
def test_each_step_needs_the_permission_to_change_suppliers(client, step):
    supplier = make_supplier("lumen")
    client.force_login(make_staff("clerk", "view_supplier"))

    assert client.get(url(supplier, step)).status_code == 403
    assert client.post(url(supplier, step), {"action": "activate"}).status_code == 403


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Choose a file."),
        ({"valid_until": ""}, "A certificate needs a last valid day."),
        ({"valid_from": "2028-01-02"}, "The document expires before it is issued."),
    ],
)
def test_a_document_that_cannot_be_verified_is_refused(staff, changes, message):
    given = {"action": "add_document", "criterion": "ce", "kind": "certificate"}
    given |= {"valid_until": "2028-01-01"} | changes

    page = staff.post(url(make_supplier(), "activation"), given)

    errors = page.context["document_form"].errors
    assert message in str(errors)
    assert "Constraint" not in str(errors)
    assert not ComplianceDocument.objects.exists()


def test_missing_documents_are_named_before_activation(settings):
    settings.VETTING_REQUIRED = ["returns", "ce"]
    supplier = make_supplier("lumen", adapter="cj")
    Supplier.objects.update(status="candidate")
    supplier.refresh_from_db()

    found = {step.name: step for step in steps.list_steps(supplier, now=NOON)}

    assert "Returns and warranty policy" in str(found[StepName.ACTIVATION].missing)


def test_only_who_may_change_a_supplier_sees_links_to_its_setup(staff, client):
    supplier = make_supplier()
    Supplier.objects.update(status="candidate")
    pages = ("/admin/suppliers/supplier/", f"/admin/suppliers/supplier/{supplier.pk}/change/")

    assert all("/setup/" in staff.get(page).content.decode() for page in pages)
    client.force_login(make_staff("clerk", "view_supplier"))
    assert not any("/setup/" in client.get(page).content.decode() for page in pages)
