"""Documents: a supplier uploads invoices and packing lists, staff download them."""

import io

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from orders.accounting import supplier_documents
from orders.models import PurchaseDocument
from tests.factories.accounts import make_staff
from tests.factories.compliance import PDF
from tests.factories.shipping import make_sent_purchase_order
from tests.storefront.supplier_portal.client import path_of

pytestmark = pytest.mark.django_db


def upload(client, purchase_order, content=PDF, kind="invoice"):
    file = SimpleUploadedFile("../../evil.html", content)
    path = path_of(purchase_order, "document/")
    return client.post(path, {"kind": kind, "file": file}, headers={"Origin": "null"})


def picture():
    content = io.BytesIO()
    Image.new("RGB", (800, 600), "red").save(content, "PNG")
    return content.getvalue()


def test_each_document_is_stored_once_and_listed(client):
    purchase_order = make_sent_purchase_order()

    responses = [
        upload(client, purchase_order),
        upload(client, purchase_order),
        upload(client, purchase_order, picture(), "packing_list"),
    ]

    assert {response["Location"] for response in responses} == {
        path_of(purchase_order) + "?done=filed"
    }
    assert [one.kind for one in PurchaseDocument.objects.order_by("pk")] == [
        "invoice",
        "packing_list",
    ]
    page = client.get(responses[0]["Location"]).content.decode()
    assert "The document is saved. Thank you." in page
    assert "Packing list, 24 Nov" in page
    assert PurchaseDocument.objects.first().file not in page


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"<html><script>alert(1)</script>", "invoice", "The file is not a PDF, PNG or JPEG."),
        (b"%PDF-1.7 unfinished", "invoice", "The PDF is incomplete"),
        (b"", "invoice", "Choose a file."),
        (PDF, "passport", "Choose an answer."),
        (b"%PDF-1.7" + b"0" * 10_000_001, "invoice", "The file is larger than 10 MB."),
    ],
)
def test_other_files_are_refused(client, content, kind, message):
    response = upload(client, make_sent_purchase_order(), content, kind)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert not PurchaseDocument.objects.exists()


def test_the_number_of_documents_is_limited(client, monkeypatch):
    monkeypatch.setattr(supplier_documents, "MAX_DOCUMENTS", 1)
    purchase_order = make_sent_purchase_order()
    upload(client, purchase_order)

    response = upload(client, purchase_order, picture())

    assert "This order has 1 documents already." in response.content.decode()
    assert PurchaseDocument.objects.count() == 1


def test_staff_download_documents_from_the_purchase_order(client, staff):
    purchase_order = make_sent_purchase_order()
    upload(client, purchase_order)
    row = PurchaseDocument.objects.get()
    url = reverse("admin:orders_purchasedocument_download", args=[row.pk])

    page = staff.get(reverse("admin:orders_purchaseorder_change", args=[purchase_order.pk]))
    file = staff.get(url)

    assert url in page.content.decode()
    assert file.content == PDF
    assert file["Content-Disposition"].startswith("attachment; filename=")
    assert file["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file["Content-Security-Policy"]
    storages["private"].delete(row.file)
    assert staff.get(url).status_code == 404
    stranger = Client()
    stranger.force_login(make_staff("stranger"))
    assert stranger.get(url).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_erasure_deletes_packing_lists_only(client):
    purchase_order = make_sent_purchase_order()
    upload(client, purchase_order)
    upload(client, purchase_order, picture(), "packing_list")
    names = dict(PurchaseDocument.objects.values_list("kind", "file"))

    with transaction.atomic():
        supplier_documents.delete_packing_lists(purchase_order.order)

    assert [one.kind for one in PurchaseDocument.objects.all()] == ["invoice"]
    assert storages["private"].exists(names["invoice"])
    assert not storages["private"].exists(names["packing_list"])
