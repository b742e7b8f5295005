"""Guarantees: recorded by staff with evidence and terms, withdrawn at once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from catalog.models import Product, ProductGuarantee
from catalog.safety import checks, documents, guarantees
from catalog.search import index
from storefront.identity import current
from storefront.identity.models import GuaranteeArtwork
from tests.factories.catalog import NOON, make_channel, make_guarantee, make_product

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TERMS = PDF.replace(b"1.7", b"1.4")
ADD = "/admin/catalog/productguarantee/add/"


def months_of(product):
    return Product.objects.get(pk=product.pk).guarantee_months


def filled(product, **changes):
    return {
        "product": product.pk,
        "kind": "producer",
        "model": "TW-370",
        "months": 60,
        "guarantor": "Tindrel Lights OÜ",
        "guarantor_address": "Sadama 1, Tallinn, Estonia",
        "territory_en": "European Union",
        "territory_az": "Avropa İttifaqı",
        "claim_en": "Write to the guarantor, who repairs or replaces it.",
        "claim_az": "Zəmanət verənə yazın.",
        "terms": SimpleUploadedFile("terms.pdf", TERMS),
        "evidence": "Guarantee card of 2 March 2026",
        "seen_on": "2026-03-09",
        "document": SimpleUploadedFile("card.pdf", PDF),
        **changes,
    }


def test_a_product_has_the_warranty_of_its_guarantee_and_loses_it_with_it():
    first, second = make_product(), make_product()
    guarantee = make_guarantee(first, months=60)
    assert months_of(first) == 60

    guarantee.product = second
    guarantee.save()
    assert (months_of(first), months_of(second)) == (None, 60)

    guarantee.delete()
    assert months_of(second) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"months": 24},
        {"months": 31},
        {"guarantor": ""},
        {"evidence": ""},
        {"model": ""},
        {"claim": {}},
        {"evidence_file": ""},
        {"terms_file": ""},
        {"confirmed_by": ""},
        {"kind": "supplier"},
        {"kind": "seller", "months": 0},
    ],
)
def test_the_database_refuses_a_guarantee_without_evidence_or_of_two_years(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_guarantee(make_product(), **wrong)


def test_staff_record_a_guarantee_and_are_named(admin_client, admin_user):
    product = make_product()
    assert admin_client.post(ADD, filled(product)).status_code == 302

    guarantee = ProductGuarantee.objects.get()
    assert guarantee.confirmed_by == str(admin_user)
    page = f"/admin/catalog/productguarantee/{guarantee.pk}"
    for name, content in (("evidence", PDF), ("terms", TERMS)):
        file = admin_client.get(f"{page}/{name}/")
        assert (file.content, file["Content-Type"]) == (content, "application/pdf")
    assert len({guarantee.evidence_sha256, guarantee.terms_sha256}) == 2
    assert guarantee.territory == {"en": "European Union", "az": "Avropa İttifaqı"}
    assert months_of(product) == 60


def test_a_page_opened_before_a_merge_does_not_move_the_guarantee_back(admin_client):
    archived, kept = make_product(), make_product()
    guarantee = make_guarantee(archived, months=60)
    read_before_the_merge = ProductGuarantee.objects.get(pk=guarantee.pk)
    ProductGuarantee.objects.filter(pk=guarantee.pk).update(product=kept)

    page = f"/admin/catalog/productguarantee/{guarantee.pk}/change/"
    answer = admin_client.post(page, filled(archived, months=36))
    assert answer.status_code == 302
    assert (months_of(archived), months_of(kept)) == (None, 36)

    read_before_the_merge.months = 48
    with transaction.atomic():
        guarantees.record_guarantee(read_before_the_merge, actor="clerk", now=NOON)
    assert (months_of(archived), months_of(kept)) == (None, 48)


def test_a_guarantee_of_the_seller_may_be_short(admin_client):
    product = make_product()

    admin_client.post(ADD, filled(product, kind="seller", months=7))

    assert not ProductGuarantee.objects.get().terms.has_label
    assert months_of(product) == 7


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"months": 24}, "lasts more than 24 months, in steps of 6."),
        ({"kind": "other", "months": 0}, "Enter the number of months."),
        ({"seen_on": "2099-01-01"}, "This day is in the future."),
        ({"evidence": ""}, "This field is required."),
        ({"terms": SimpleUploadedFile("a.pdf", b"our terms")}, "The file is not a PDF"),
        ({"terms": SimpleUploadedFile("a.pdf", PDF + bytes(10_000_000))}, "At most 10 MB."),
        ({"terms": ""}, "Choose a file."),
    ],
)
def test_wrong_input_is_refused(admin_client, changes, problem):
    answer = admin_client.post(ADD, filled(make_product(), **changes))

    assert problem in answer.content.decode()
    assert not ProductGuarantee.objects.exists()


def test_a_withdrawn_guarantee_leaves_product_and_shop_but_keeps_its_files(
    admin_client, django_capture_on_commit_callbacks, monkeypatch
):
    dropped = []
    monkeypatch.setattr(index, "drop_cached_pages", lambda: dropped.append(True))
    make_channel()
    product = make_product()
    admin_client.post(ADD, filled(product))
    guarantee = ProductGuarantee.objects.get()
    page = f"/admin/catalog/productguarantee/{guarantee.pk}/delete/"

    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(page, {"post": "yes"})

    assert months_of(product) is None
    assert dropped
    assert documents.read(guarantee.terms_file) == TERMS


def test_the_terms_are_entered_in_each_language(admin_client):
    answer = admin_client.post(ADD, filled(make_product(), claim_az=""))

    assert "Enter the text in each language." in answer.content.decode()
    assert not ProductGuarantee.objects.exists()


def test_a_copy_of_the_evidence_is_required_once(admin_client):
    product = make_product()
    values = filled(product)
    del values["document"], values["terms"]

    refused = admin_client.post(ADD, values).content.decode()
    admin_client.post(ADD, filled(product))
    guarantee = ProductGuarantee.objects.get()
    page = f"/admin/catalog/productguarantee/{guarantee.pk}/change/"
    changed = admin_client.post(page, {**values, "months": 36})

    assert "Choose a file." in refused
    assert changed.status_code == 302
    again = ProductGuarantee.objects.get()
    assert (again.months, again.evidence_file) == (36, guarantee.evidence_file)
    assert again.terms_file == guarantee.terms_file


def test_a_missing_file_of_the_evidence_is_reported(admin_client):
    make_channel()
    guarantee = make_guarantee(make_product())

    answer = admin_client.get(f"/admin/catalog/productguarantee/{guarantee.pk}/evidence/")

    assert answer.status_code == 404


def test_the_evidence_needs_the_permission_to_see_guarantees(client, django_user_model):
    make_channel()
    guarantee = make_guarantee(make_product())
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    answer = client.get(f"/admin/catalog/productguarantee/{guarantee.pk}/evidence/")

    assert answer.status_code == 403


def test_the_deployment_check_names_missing_artwork(monkeypatch):
    def ids():
        monkeypatch.setattr(current, "_artwork", None)
        return [message.msg.split()[3] for message in checks.check_guarantee_artwork()]

    without_guarantee = ids()
    make_guarantee(make_product())
    nothing_uploaded = ids()
    GuaranteeArtwork.objects.create(kind="notice", language="en", format="png", digest="a")

    assert without_guarantee == ["notice"]
    assert nothing_uploaded == ["notice", "label"]
    assert ids() == ["label"]


def test_a_late_edit_does_not_bring_a_withdrawn_guarantee_back():
    product = make_product()
    read_before = make_guarantee(product)
    ProductGuarantee.objects.all().delete()

    with pytest.raises(ProductGuarantee.NotUpdated), transaction.atomic():
        guarantees.record_guarantee(read_before, actor="mia", now=NOON)

    assert months_of(product) is None


def test_a_withdrawal_publishes_the_product_that_a_merge_gave_the_guarantee(monkeypatch):
    first, second = make_product(), make_product()
    read_before = make_guarantee(first)
    ProductGuarantee.objects.update(product=second)
    published = []
    monkeypatch.setattr(
        guarantees, "republish_products", lambda ids, **_when: published.extend(ids)
    )

    with transaction.atomic():
        guarantees.withdraw_guarantee(read_before, now=NOON)

    assert published == [first.pk, second.pk]
    assert months_of(second) is None
