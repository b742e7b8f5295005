from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, transaction

from notifications.models import Event
from storefront.accounts.models import User
from storefront.dev.demo import compliance_documents
from storefront.lib.state_machine import InvalidTransitionError, StatusChange
from suppliers.compliance import vetting
from suppliers.models import (
    ComplianceDocument,
    PendingPublication,
    Requirement,
    Supplier,
    SupplierOffer,
)
from tests.factories.catalog import make_channel, make_variant
from tests.factories.compliance import make_document, make_verified
from tests.factories.suppliers import NOON, make_offer, make_supplier

pytestmark = pytest.mark.django_db

ENDS = date(2026, 12, 20)
A_DAY = timedelta(days=1)


@pytest.fixture
def candidate():
    return Supplier.objects.create(code="new", name="New", adapter="fake", currency="EUR")


@pytest.fixture
def strict(settings):
    """Require the documents of the default settings."""
    settings.VETTING_REQUIRED = ["returns", "ce"]
    settings.CERTIFICATES_FOR_LITHIUM = ["un_38_3"]
    settings.CERTIFICATES_FOR_EU = ["ce"]
    return settings


def plain_goods():
    return make_variant(lithium="none", cell_wh=None, cell_count=0)


def lacks(offer):
    return SupplierOffer.objects.get(pk=offer.pk).missing_certificates


def on_sale():
    return set(SupplierOffer.objects.sellable().values_list("pk", flat=True))


def payloads(name):
    return [event.payload for event in Event.objects.filter(name=name).order_by("pk")]


def test_neither_a_candidate_nor_a_blocked_supplier_is_activated(candidate):
    blocked = make_supplier()
    for decide in (vetting.pause, vetting.block):
        decide(supplier=blocked, actor="boss", now=NOON, reason="fraud")

    for supplier in (candidate, blocked):
        with pytest.raises((InvalidTransitionError, vetting.NotVettedError)):
            vetting.activate(supplier=supplier, actor="boss", now=NOON)
        supplier.refresh_from_db()

    assert (candidate.status, blocked.status) == ("candidate", "blocked")


def test_a_supplier_is_activated_only_with_all_documents(candidate, strict):
    vetting.start(supplier=candidate, actor="boss", now=NOON)
    make_verified(candidate, Requirement.RETURNS, kind=ComplianceDocument.Kind.POLICY)
    make_document(candidate, Requirement.CE)  # not verified

    with pytest.raises(vetting.NotVettedError) as refused:
        vetting.activate(supplier=candidate, actor="boss", now=NOON)

    assert refused.value.missing == [Requirement.CE]
    assert "CE declaration" in str(refused.value)
    candidate.refresh_from_db()
    assert candidate.status == "vetting"

    make_verified(candidate, Requirement.CE)
    vetting.activate(supplier=candidate, actor="boss", now=NOON, reason="all there")

    assert candidate.status == "active"
    last = StatusChange.objects.filter(subject="suppliers.Supplier").latest("pk")
    assert (last.to_status, last.actor, last.reason) == ("active", "boss", "all there")


def test_an_expired_or_future_document_does_not_count(candidate, strict):
    vetting.start(supplier=candidate, actor="boss", now=NOON)
    make_verified(candidate, Requirement.RETURNS, valid_until=ENDS)
    make_verified(
        candidate, Requirement.CE, valid_from=date(2026, 12, 1), valid_until=date(2027, 1, 1)
    )

    def missing(day):
        return vetting.missing_requirements(supplier=candidate, now=NOON.replace(month=12, day=day))

    assert vetting.missing_requirements(supplier=candidate, now=NOON) == [Requirement.CE]
    assert missing(20) == []  # the last day counts
    assert missing(21) == [Requirement.RETURNS]


def test_a_paused_supplier_sells_nothing_until_resumed(strict):
    supplier = make_supplier()
    offer = make_offer(plain_goods())
    for criterion in (Requirement.RETURNS, Requirement.CE):
        make_verified(supplier, criterion)
    PendingPublication.objects.all().delete()

    vetting.pause(supplier=supplier, actor="boss", now=NOON, reason="holidays")

    assert on_sale() == set()
    assert PendingPublication.objects.filter(variant=offer.variant_id).exists()
    PendingPublication.objects.all().delete()
    vetting.activate(supplier=supplier, actor="boss", now=NOON)
    assert on_sale() == {offer.pk}
    assert PendingPublication.objects.filter(variant=offer.variant_id).exists()


@pytest.mark.parametrize(
    "known",
    [
        {"content": None},  # a declaration without a file
        {"valid_until": date(2026, 11, 23)},  # expired yesterday
    ],
)
def test_an_invalid_document_is_not_verified(known):
    document = make_document(**known)

    with pytest.raises(vetting.UnverifiableDocumentError):
        vetting.verify(document=document, actor="boss", now=NOON)

    document.refresh_from_db()
    assert (document.status, document.verified_by) == ("submitted", "")


def test_the_database_requires_verifier_and_time():
    document = make_document()

    with pytest.raises(IntegrityError), transaction.atomic():
        ComplianceDocument.objects.filter(pk=document.pk).update(status="verified")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_document(kind=ComplianceDocument.Kind.CERTIFICATE, valid_until=None)


def test_offers_without_required_certificates_are_held(strict):
    channel = make_channel(countries=["US"])
    supplier = make_supplier()
    plain = make_offer(plain_goods())
    lithium = make_offer(make_variant(lithium="inside"))

    vetting.watch_expiry(now=NOON)
    assert (lacks(plain), lacks(lithium)) == ("", "un_38_3")  # none of them is sold in the EU
    channel.countries = ["DE"]
    channel.save()
    vetting.watch_expiry(now=NOON)

    assert (lacks(plain), lacks(lithium)) == ("ce", "ce, un_38_3")
    assert on_sale() == set()
    make_verified(supplier, Requirement.CE)
    assert (lacks(plain), lacks(lithium)) == ("", "un_38_3")
    assert on_sale() == {plain.pk}


def test_a_document_counts_only_for_its_product_or_brand(strict):
    make_channel(countries=["DE"])
    supplier = make_supplier()
    one, other = make_offer(plain_goods()), make_offer(plain_goods())

    make_verified(supplier, Requirement.CE, product=one.variant.product)
    assert (lacks(one), lacks(other)) == ("", "ce")
    make_verified(supplier, Requirement.CE, brand=other.variant.product.brand)
    assert lacks(other) == ""


def test_an_expired_document_holds_offers_until_a_new_one(strict):
    make_channel(countries=["DE"])
    User.objects.create_superuser("boss@fara.example", "a password")
    supplier = make_supplier()
    offer = make_offer(plain_goods())
    make_verified(supplier, Requirement.CE, valid_until=ENDS)
    last_day = NOON.replace(month=12, day=20)

    assert vetting.watch_expiry(now=last_day)[1] == 0
    assert on_sale() == {offer.pk}
    PendingPublication.objects.all().delete()

    assert vetting.watch_expiry(now=last_day + A_DAY)[1] == 1
    assert vetting.watch_expiry(now=last_day + A_DAY)[1] == 0
    assert on_sale() == set()
    assert PendingPublication.objects.filter(variant=offer.variant_id).count() == 1
    (fact,) = payloads("offers.withheld")
    assert (fact["count"], fact["criteria"]) == (1, ["CE declaration"])
    assert fact["email"] == ["boss@fara.example"]

    back = make_document(supplier, Requirement.CE)
    freed = vetting.verify(document=back, actor="boss", now=last_day + A_DAY).released
    assert freed == 1
    assert on_sale() == {offer.pk}
    assert PendingPublication.objects.filter(variant=offer.variant_id).count() == 2


def test_a_rejected_document_holds_its_offers(strict):
    make_channel(countries=["DE"])
    offer = make_offer(plain_goods())
    document = make_verified(make_supplier(), Requirement.CE)

    vetting.reject(document=document, actor="boss", now=NOON, reason="forged")

    assert lacks(offer) == "ce"
    with pytest.raises(InvalidTransitionError):
        vetting.verify(document=document, actor="boss", now=NOON)


def test_staff_are_warned_once_thirty_days_before_expiry(strict):
    User.objects.create_superuser("boss@fara.example", "a password")
    User.objects.create_user("shopper@fara.example", "a password")
    document = make_verified(valid_until=ENDS)
    other = make_supplier(code="other")
    for days in (0, 300):  # a document with a successor causes no warning
        make_verified(other, valid_until=ENDS + days * A_DAY)
    soon = NOON.replace(day=20)

    assert vetting.watch_expiry(now=soon - A_DAY)[0] == 0
    assert [vetting.watch_expiry(now=soon)[0] for _ in range(3)] == [1, 0, 0]

    (fact,) = payloads("compliance_document.expires")
    assert (fact["email"], fact["valid_until"]) == (["boss@fara.example"], "2026-12-20")
    assert fact["url"].endswith(f"/admin/suppliers/compliancedocument/{document.pk}/change/")


def test_demo_documents_state_that_they_are_no_certificates(candidate, strict):
    given = compliance_documents.give(supplier=candidate, actor="seed_demo", now=NOON)

    assert given == 3
    assert vetting.missing_requirements(supplier=candidate, now=NOON) == []
    assert set(ComplianceDocument.objects.values_list("note", flat=True)) == {
        compliance_documents.NOTE
    }
    assert compliance_documents.give(supplier=candidate, actor="seed_demo", now=NOON) == 0


def test_an_unknown_criterion_in_the_settings_is_an_error(settings):
    settings.CERTIFICATES_FOR_EU = ["CE-mark"]

    with pytest.raises(SystemCheckError, match="'CE-mark'"):
        call_command("check")
