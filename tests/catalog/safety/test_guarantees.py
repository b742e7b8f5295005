"""Guarantees of durability: recorded by staff with evidence, shown with their terms."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from catalog.models import DurabilityGuarantee, Product
from tests.factories.catalog import make_channel, make_guarantee, make_product

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
ADD = "/admin/catalog/durabilityguarantee/add/"


def months_of(product):
    return Product.objects.get(pk=product.pk).warranty_months


def filled(product, **changes):
    return {
        "product": product.pk,
        "model": "TW-370",
        "months": 60,
        "guarantor": "Tindrel Lights OÜ",
        "guarantor_address": "Sadama 1, Tallinn, Estonia",
        "territory_en": "European Union",
        "territory_az": "Avropa İttifaqı",
        "claim_en": "Write to the guarantor, who repairs or replaces it.",
        "claim_az": "Zəmanət verənə yazın.",
        "terms_url": "https://tindrel.example/guarantee",
        "evidence": "Guarantee card of 2 March 2026",
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
    ],
)
def test_the_database_refuses_a_guarantee_without_evidence_or_of_two_years(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_guarantee(make_product(), **wrong)


def test_staff_record_a_guarantee_and_are_named(admin_client, admin_user):
    product = make_product()
    refused = admin_client.post(ADD, filled(product, months=31, evidence=""))
    assert "Enter more than 24 months, in steps of 6." in refused.content.decode()

    assert admin_client.post(ADD, filled(product)).status_code == 302

    guarantee = DurabilityGuarantee.objects.get()
    assert guarantee.confirmed_by == str(admin_user)
    file = admin_client.get(f"/admin/catalog/durabilityguarantee/{guarantee.pk}/file/")
    assert (file.content, file["Content-Type"]) == (PDF, "application/pdf")
    assert len(guarantee.evidence_sha256) == 64
    assert guarantee.territory == {"en": "European Union", "az": "Avropa İttifaqı"}
    assert months_of(product) == 60


def test_the_terms_are_entered_in_each_language(admin_client):
    answer = admin_client.post(ADD, filled(make_product(), claim_az=""))

    assert "Enter the text in each language." in answer.content.decode()
    assert not DurabilityGuarantee.objects.exists()


def test_a_copy_of_the_evidence_is_required_once(admin_client):
    product = make_product()
    values = filled(product)
    del values["document"]

    refused = admin_client.post(ADD, values).content.decode()
    admin_client.post(ADD, filled(product))
    guarantee = DurabilityGuarantee.objects.get()
    page = f"/admin/catalog/durabilityguarantee/{guarantee.pk}/change/"
    changed = admin_client.post(page, {**values, "months": 36})

    assert "Choose a file." in refused
    assert changed.status_code == 302
    again = DurabilityGuarantee.objects.get()
    assert (again.months, again.evidence_file) == (36, guarantee.evidence_file)


def test_a_missing_file_of_the_evidence_is_said(admin_client):
    make_channel()
    guarantee = make_guarantee(make_product())

    answer = admin_client.get(f"/admin/catalog/durabilityguarantee/{guarantee.pk}/file/")

    assert answer.status_code == 404


def test_the_evidence_needs_the_permission_to_see_guarantees(client, django_user_model):
    make_channel()
    guarantee = make_guarantee(make_product())
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    answer = client.get(f"/admin/catalog/durabilityguarantee/{guarantee.pk}/file/")

    assert answer.status_code == 403
