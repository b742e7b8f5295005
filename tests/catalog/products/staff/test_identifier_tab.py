"""Identifiers on the variant page: add, verify and remove GTINs and part numbers."""

from dataclasses import replace

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from catalog.models import Identifier
from tests.factories.catalog import make_variant
from tests.factories.product_records import take_in, two_variants
from tests.support.admin_forms import filled_form, row_page

pytestmark = pytest.mark.django_db
admin.autodiscover()


@pytest.fixture
def variant():
    return make_variant(sku="HL-ONE")


def edit(staff, variant, **changes):
    answer = staff.post(row_page(variant), filled_form(staff.get(row_page(variant))) | changes)
    variant.refresh_from_db()
    return answer


def add(staff, variant, raw, scheme="gtin"):
    row = {"identifiers-0-scheme": scheme, "identifiers-0-raw": raw}
    return edit(staff, variant, **{"identifiers-TOTAL_FORMS": "1"}, **row)


@pytest.mark.parametrize(
    ("scheme", "raw", "value"),
    [
        ("gtin", "9638 5074", "00000096385074"),
        ("gtin", "0 12345 67890 5", "00012345678905"),
        ("gtin", "4006381333931", "04006381333931"),
        ("gtin", "10012345678902", "10012345678902"),
        ("mpn", "PD-36R+ Pro", "fara:pd36r+pro"),
    ],
)
def test_a_typed_number_is_added_verified(staff, variant, scheme, raw, value):
    saved = add(staff, variant, raw, scheme)

    assert saved.status_code == 302
    row = Identifier.objects.get()
    assert (row.scheme, row.value, row.raw, row.state) == (scheme, value, raw, "verified")
    assert "Added identifier" in LogEntry.objects.get().get_change_message()


@pytest.mark.parametrize(
    ("scheme", "raw", "words"),
    [
        ("gtin", "4006381333932", "its check digit must be 1"),
        ("gtin", "40063", "5 digits"),
        ("mpn", "--", "letters and digits"),
        ("gtin", "", "required"),
    ],
)
def test_a_wrong_number_is_explained_beside_its_field(staff, variant, scheme, raw, words):
    answer = add(staff, variant, raw, scheme)

    (form,) = answer.context["inline_admin_formsets"][0].formset.forms
    assert words in str(form.errors["raw"])
    assert not Identifier.objects.exists()


def test_a_number_of_another_variant_is_refused_with_a_link_to_it(staff, variant):
    other = make_variant(sku="HL-TWO")
    other.identifiers.create(scheme="gtin", value="04006381333931")

    answer = add(staff, variant, "4006381333931").content.decode()

    assert "has this number. Remove it there first." in answer
    assert f'href="{row_page(other)}"' in answer
    assert "HL-TWO" in answer


def test_a_number_is_not_added_twice(staff, variant):
    variant.identifiers.create(scheme="gtin", value="00012345678905")
    rows = {
        f"identifiers-{place}-{name}": value
        for place, raw in ((1, "012345678905"), (2, "96385074"), (3, "9638 5074"))
        for name, value in (("scheme", "gtin"), ("raw", raw))
    }

    answer = edit(staff, variant, **{"identifiers-TOTAL_FORMS": "4"}, **rows)

    formset = answer.context["inline_admin_formsets"][0].formset
    assert ["already" in str(form.errors) for form in formset.forms] == [False, True, False, True]


def test_a_confirmed_number_is_verified_and_survives_imports(staff):
    record = two_variants()
    taken = take_in(record)
    row = Identifier.objects.get(scheme="mpn", raw="H1-R")
    edit(staff, row.variant, **{"identifiers-0-is_verified": "on"})

    renumbered = [replace(variant, mpn=f"{variant.mpn}2") for variant in record.variants]
    take_in(replace(record, variants=tuple(renumbered)), known=taken.variants)
    row.refresh_from_db()

    assert row.state == "verified"
    edit(staff, row.variant, **{"identifiers-0-is_verified": ""})
    row.refresh_from_db()
    assert row.state == "asserted"


def test_a_removed_number_stays_removed_until_it_is_returned_to_the_feed(staff):
    taken = take_in(two_variants())
    row = Identifier.objects.get(scheme="mpn", raw="H1-R")
    variant = row.variant
    conflict = make_variant(sku="HL-TWO").identifiers.create(
        scheme="mpn", value=row.value, state="conflict"
    )

    edit(staff, variant, **{"identifiers-0-DELETE": "on"})
    take_in(two_variants(), known=taken.variants)

    conflict.refresh_from_db()
    assert (variant.overridden_fields, conflict.state) == (["mpn"], "asserted")
    assert not variant.identifiers.filter(scheme="mpn").exists()
    assert variant.identifiers.filter(scheme="supplier").exists()

    conflict.delete()
    staff.post(row_page(variant, "return"), {"field": "mpn"})
    take_in(two_variants(), known=taken.variants)
    assert variant.identifiers.filter(scheme="mpn").exists()


def test_a_conflict_is_not_verified_while_another_variant_has_the_number(staff, variant):
    variant.identifiers.create(scheme="gtin", value="04006381333931", state="conflict")
    make_variant(sku="HL-TWO").identifiers.create(scheme="gtin", value="04006381333931")

    answer = edit(staff, variant, **{"identifiers-0-is_verified": "on"})

    assert "Remove it there first." in answer.content.decode()
