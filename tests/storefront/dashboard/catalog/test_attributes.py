import pytest
from django.urls import reverse

from catalog.families.attribute_list import FILTERED, list_attributes
from catalog.models import CustomAttribute, Requirement
from catalog.search.filters import FACETS
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db


def find(code):
    (first, *_others) = [one for one in list_attributes() if one.code == code]
    return first


def test_a_column_has_names_unit_limits_filter_and_requirements():
    Requirement.objects.all().delete()
    Requirement.objects.create(subject="weight_g", family="headlamp", channel=make_channel())
    Requirement.objects.create(subject="weight_g", is_required=False)

    weight = find("weight_g")

    assert weight.names == (("en", "Weight"), ("az", "Çəki"))
    assert (weight.unit, weight.limits, weight.is_filter) == ("g", "2 – 60000", True)
    assert weight.required == ("Headlamp, shop",)
    assert weight.recommended == ("All families",)


def test_a_custom_attribute_is_listed_with_its_definition():
    row = CustomAttribute.objects.create(
        code="tilt",
        names={"en": "Tilt", "az": "Əyilmə"},
        kind="number",
        unit="°",
        maximum=360,
        families=["headlamp"],
        is_required=True,
    )

    tilt = find("tilt")

    assert tilt.names == (("en", "Tilt"), ("az", "Əyilmə"))
    assert (tilt.unit, tilt.limits, tilt.custom_id) == ("°", " – 360", row.pk)
    assert (tilt.families, tilt.required) == (("Headlamp",), ("Headlamp",))


def test_each_facet_belongs_to_attributes_or_to_other_values():
    assert {*FILTERED} <= {one.code for one in list_attributes()}
    assert {*FACETS} - {*FILTERED.values()} == {"price", "brand", "origin"}


def test_the_page_lists_all_attributes_and_links_the_custom_ones(
    staff, client, django_assert_max_num_queries
):
    row = CustomAttribute.objects.create(code="box", names={"en": "In the box"}, kind="text")
    address = reverse("supply:attributes")

    with django_assert_max_num_queries(12):
        page = staff.get(address).content.decode()

    link = reverse("admin:catalog_customattribute_change", args=[row.pk])
    assert f'<a href="{link}">box</a>' in page
    for code in ("output_lm", "runtime_min", "gtin", "hs_code"):
        assert f">{code}</th>" in page
    assert f'href="{address}"' in page, "the sidebar links it"
    client.force_login(make_staff("reader", "view_product"))
    assert client.get(address).status_code == 403
