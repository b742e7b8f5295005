"""Compliance admin: validate uploads by content, serve them as downloads, decide about suppliers."""

import hashlib

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from storefront.accounts.models import User
from suppliers.models import ComplianceDocument, ScorecardFact, Supplier
from tests.factories.catalog import make_channel
from tests.factories.compliance import PDF, make_document, make_picture, make_verified
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon(db):
    make_channel()  # 404 pages need a channel
    with time_machine.travel(NOON, tick=False):
        yield


def add(client, *, name="ce.pdf", content=PDF, media_type="application/pdf", **fields):
    supplier = make_supplier()
    file = SimpleUploadedFile(name, content, content_type=media_type) if content else ""
    given = {
        "supplier": supplier.pk,
        "criterion": "ce",
        "kind": "declaration",
        "issuer": "TÜV",
        "valid_until": "2027-11-24",
        "document": file,
        **fields,
    }
    return client.post(reverse("admin:suppliers_compliancedocument_add"), given)


def download(client, document):
    return client.get(reverse("admin:suppliers_compliancedocument_file", args=[document.pk]))


def act(client, row, name, **given):
    address = reverse(f"admin:suppliers_{row._meta.model_name}_{name}", args=[row.pk])
    return client.post(address, {"reason": "looked at it", **given})


def test_an_uploaded_document_awaits_review(staff):
    answer = add(staff, name="../../../etc/passwd.pdf")

    assert answer.status_code == 302
    document = ComplianceDocument.objects.get()
    assert (document.status, document.submitted_by) == ("submitted", "staff@fara.example")
    assert document.file.startswith("documents/")
    assert "passwd" not in document.file
    assert document.file_sha256 == hashlib.sha256(PDF).hexdigest()


def test_an_invalid_file_is_rejected_whatever_its_name(staff):
    answer = add(staff, name="ce.png", content=b"<svg onload='alert(1)'/>", media_type="image/png")

    assert answer.status_code == 200
    assert ComplianceDocument.objects.count() == 0
    assert not storages["private"].exists("documents")


@pytest.mark.parametrize(
    "content", [PDF, make_picture("PNG"), make_picture("JPEG")], ids=["pdf", "png", "jpeg"]
)
def test_a_document_is_downloaded_and_cannot_run_scripts(staff, content):
    document = make_document(content=content)

    answer = download(staff, document)

    suffix = document.file.rpartition(".")[2]
    assert answer["Content-Disposition"] == (
        f'attachment; filename="document-{document.pk}.{suffix}"'
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Cache-Control"].startswith("private, no-store")
    assert hashlib.sha256(answer.content).hexdigest() == document.file_sha256


def test_a_document_needs_the_permission_to_view_it(client):
    document = make_document()

    assert download(client, document).status_code == 302
    client.force_login(User.objects.create_user("shopper@fara.example", "a password"))
    assert download(client, document).status_code == 302
    looker = User.objects.create_user("looker@fara.example", "a password", is_staff=True)
    client.force_login(looker)
    assert download(client, document).status_code == 403
    rights = ["view_compliancedocument", "view_costs"]
    looker.user_permissions.set(Permission.objects.filter(codename__in=rights))
    assert download(client, document).status_code == 200


def test_a_document_has_no_public_url(staff, settings):
    document = make_document()

    for address in (f"/media/{document.file}", f"/private/{document.file}", "/media/../private/"):
        assert staff.get(address).status_code == 404
    without = make_document(kind="policy", content=None)
    assert download(staff, without).status_code == 404
    ComplianceDocument.objects.filter(pk=document.pk).update(file="documents/gone.pdf")
    assert download(staff, document).status_code == 404


def test_the_verifier_is_recorded(staff):
    document = make_document()

    assert act(staff, document, "verify").status_code == 302

    document.refresh_from_db()
    assert (document.status, document.verified_at) == ("verified", NOON)
    assert document.verified_by == "staff@fara.example"
    shown = staff.get(reverse("admin:suppliers_compliancedocument_change", args=[document.pk]))
    assert b"looked at it" in shown.content


def test_a_candidate_is_activated_only_with_all_documents(staff, settings):
    settings.VETTING_REQUIRED = ["returns"]
    supplier = Supplier.objects.create(code="new", name="New", adapter="fake", currency="EUR")

    refused = act(staff, supplier, "activate")
    assert (
        "Missing verified documents for: Returns and warranty policy." in refused.content.decode()
    )
    make_verified(supplier, "returns", kind="policy")
    assert act(staff, supplier, "activate").status_code == 302

    supplier.refresh_from_db()
    assert supplier.status == "active"
    for name, status in (("pause", "paused"), ("block", "blocked")):
        act(staff, supplier, name)
        supplier.refresh_from_db()
        assert supplier.status == status


def test_a_candidate_is_declined_after_a_warning(staff):
    supplier = Supplier.objects.create(code="new", name="New", adapter="fake", currency="EUR")

    page = staff.get(reverse("admin:suppliers_supplier_block", args=[supplier.pk]))
    act(staff, supplier, "block")

    assert "New is now “Candidate”." in page.content.decode()
    assert "Blocking is permanent" in page.content.decode()
    supplier.refresh_from_db()
    assert supplier.status == "blocked"


def test_a_document_is_named_as_staff_see_it():
    document = make_document(criterion="un_38_3", kind="test_report")

    assert str(document) == "UN 38.3 test report (lithium cells) · Lumen · Test report"


def test_the_suggested_safety_stock_can_be_set(staff):
    supplier = make_supplier()
    ScorecardFact.objects.create(
        supplier=supplier, kind="short", subject="line:1", value=3, happened_at=NOON
    )
    address = reverse("admin:suppliers_supplier_set_safety_stock", args=[supplier.pk])

    assert 'value="3"' in staff.get(address).content.decode()
    assert act(staff, supplier, "set_safety_stock", units=3).status_code == 302

    supplier.refresh_from_db()
    assert supplier.safety_stock == 3
    card = staff.get(reverse("admin:suppliers_supplier_scorecard", args=[supplier.pk]))
    assert card.url == "/admin/scorecards/lumen/"
