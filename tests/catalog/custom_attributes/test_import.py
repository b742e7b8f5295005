"""Custom attributes from their definition by staff to the product page."""

import io
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from catalog.custom_attributes import registry
from catalog.custom_attributes.values import find_definitions
from catalog.models import CustomAttribute, Product, Spec
from catalog.products.spec_edits import edit_spec
from catalog.products.staff.spec_panel import other_statements, spec_panel
from storefront.api.resources.product_serializers import SpecSerializer
from storefront.web.catalog.spec_table import custom_rows
from tests.factories.catalog import NOON
from tests.factories.product_records import CLAIMS, make_product_record, take_in

pytestmark = pytest.mark.django_db
ADD = "/admin/catalog/customattribute/add/"
SWITCH = {
    "code": "switch_position",
    "names_en": "Switch",
    "names_az": "Düymə",
    "kind": "choice",
    "choices-0-code": "tail",
    "choices-0-en": "at the tail",
    "choices-0-az": "arxada",
    "labels": "Switch location",
    "position": "0",
}
NO_NAMES = {"choices-0-en": "", "choices-0-az": ""}


def take(**lines):
    return take_in(make_product_record(claims={**CLAIMS, **lines}))


def test_a_defined_attribute_is_read_from_the_next_import_and_returns_to_words_without_it(
    admin_client,
):
    take(**{"Switch location": "tail"})
    assert Spec.objects.get().more["Switch location"] == "tail"

    assert admin_client.post(ADD, SWITCH).status_code == 302
    take(**{"Switch location": "tail"})

    spec = Spec.objects.get()
    assert spec.custom_values == {"switch_position": "tail"}
    assert spec.sources["custom:switch_position"]["raw"] == "tail"
    assert "Switch location" not in spec.more


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "weight"},
        {"names_en": "Battery (type)"},
        {"labels": "Bulb, Run time"},
        {"labels": "EU representative"},
    ],
)
def test_an_attribute_takes_no_line_of_a_built_in_one(admin_client, changes):
    answer = admin_client.post(ADD, SWITCH | changes)

    assert "imports would no longer fill it" in answer.content.decode()
    assert not CustomAttribute.objects.exists()


def test_a_line_that_cannot_be_read_is_an_issue_and_stays_in_its_words(admin_client):
    admin_client.post(ADD, SWITCH)

    result = take(**{"Switch location": "somewhere"})

    (issue,) = [each for each in result.issues if each.code == "value-unreadable"]
    assert "'somewhere' names no known choice" in issue.message
    assert Spec.objects.get().more["Switch location"] == "somewhere"


def test_a_value_out_of_range_is_an_issue_and_is_not_shown():
    CustomAttribute.objects.create(
        code="dive_depth", names={"en": "Dive depth"}, kind="number", unit="m", maximum=200
    )

    result = take(**{"Dive depth": "999 m"})

    (issue,) = [each for each in result.issues if each.code == "out-of-range"]
    assert "Dive depth: 999 is more than 200" in issue.message
    assert issue.raw["Dive depth"] == "999 m"
    spec = Spec.objects.get()
    assert "Dive depth" not in spec.more
    assert "dive_depth" not in spec.custom_values


@pytest.fixture
def depth():
    return CustomAttribute.objects.create(
        code="dive_depth", names={"en": "Dive depth"}, kind="number", unit="m", maximum=200
    )


def panel_text():
    products = Product.objects.annotate(other_statement_rows=other_statements())
    return str(spec_panel(products.get()))


def findings():
    found = Spec.objects.get().warnings
    return [(one["column"], one["raw"]) for one in found if one["column"] == "custom:dive_depth"]


def test_a_value_out_of_range_is_a_finding_until_staff_or_the_supplier_correct_it(depth):
    stated = [("custom:dive_depth", "Dive depth: 999 m")]
    take(**{"Dive depth": "999 m"})
    product = Product.objects.get()
    panel = panel_text()
    assert "Dive depth" in panel
    assert "999 is more than 200" in panel
    assert "Dive depth: 999 m" in panel
    assert findings() == stated

    edit(product, {"weight_g": 90})
    assert findings() == stated
    take(**{"Dive depth": "999 m"})
    assert findings() == stated

    edit(product, {"custom:dive_depth": Decimal(150)})
    assert findings() == []
    take(**{"Dive depth": "999 m"})
    assert findings() == []

    Product.objects.update(overridden_fields=["weight_g"])
    take(**{"Dive depth": "998 m"})
    assert findings() == [("custom:dive_depth", "Dive depth: 998 m")]
    take(**{"Dive depth": "100 m"})
    assert findings() == []


def edit(product, changes):
    with transaction.atomic():
        edit_spec(product=product, changes=changes, actor="Leyla", now=NOON)


def test_a_value_outside_a_narrowed_range_is_a_finding_and_off_the_shop(depth, monkeypatch):
    monkeypatch.setattr(registry, "CACHE_S", -1)
    monkeypatch.setattr(registry, "_cached", None)
    take(**{"Dive depth": "150 m"})
    spec = Spec.objects.get()
    definitions = registry.load()
    assert [row.value for row in custom_rows(spec, definitions, "en")] == ["150 m"]

    CustomAttribute.objects.update(maximum=100)

    definitions = registry.load()
    assert custom_rows(spec, definitions, "en") == []
    assert SpecSerializer().get_custom_attributes(spec) == {}
    assert "150 is more than 100" in panel_text()


def test_a_line_of_an_attribute_that_the_family_lacks_is_no_finding(depth):
    CustomAttribute.objects.update(families=["charger"])

    result = take(**{"Dive depth": "999 m"})

    assert findings() == []
    assert Product.objects.count() == 1
    assert result.created == 1


def test_a_locked_value_is_kept(admin_client):
    admin_client.post(ADD, SWITCH)
    take(**{"Switch location": "tail"})
    Product.objects.update(overridden_fields=["custom:switch_position"])
    Spec.objects.update(custom_values={"switch_position": "side"})

    take(**{"Switch location": "tail"})

    assert Spec.objects.get().custom_values == {"switch_position": "side"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"names_en": ""}, "Enter the English name."),
        ({"names_en": "", "names_az": ""}, "Enter the English name."),
        ({"names_az": "ü" * 61}, "at most 60 characters"),
        ({"choices-0-code": "Not a code"}, "“Not a code” is not a code."),
        ({"choices-0-code": ""}, "“at the tail” is not a code."),
        ({"choices-0-en": ""}, "Enter an English name for the choice “tail”."),
        ({"choices-0-az": "ü" * 61}, "A name of “tail” is longer than 60 characters."),
        ({"choices-1-code": "tail", "choices-1-en": "x"}, "Two choices have the code “tail”."),
        ({"choices-0-code": "", **NO_NAMES}, "Enter choices if the type has choices"),
        ({"kind": "number"}, "Enter choices if the type has choices"),
    ],
)
def test_a_wrong_definition_is_explained(admin_client, changes, problem):
    page = admin_client.post(ADD, SWITCH | changes).content.decode()
    assert problem in page.replace("&quot;", '"')
    assert not CustomAttribute.objects.exists()


def test_the_database_refuses_choices_of_a_number():
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomAttribute.objects.create(
            code="x", names={"en": "X"}, kind="number", choices=[["a", {"en": "a"}]]
        )


def test_the_usual_attributes_are_created_once():
    for _ in range(2):
        call_command("create_attributes", stdout=io.StringIO())

    codes = [each.code for each in registry.load()]
    assert "switch_position" in codes
    assert len(codes) == len({*codes})


def test_choices_keep_the_order_that_staff_entered(admin_client):
    choices = {
        "choices-1-code": "ring",
        "choices-1-en": "ring",
        "choices-2-code": "side",
        "choices-2-en": "side",
        "choices-2-position": "2",
        "choices-0-position": "1",
    }

    assert admin_client.post(ADD, SWITCH | choices).status_code == 302

    row = CustomAttribute.objects.get()
    (definition,) = registry.load()
    assert [code for code, _names in definition.choices] == ["tail", "side", "ring"]
    page = admin_client.get(f"/admin/catalog/customattribute/{row.pk}/change/").content.decode()
    assert page.index('value="tail"') < page.index('value="side"') < page.index('value="ring"')
    entered = SWITCH | choices | {"position": "3"}
    assert admin_client.post(f"/admin/catalog/customattribute/{row.pk}/change/", entered)
    assert registry.load()[0].choices == definition.choices


def test_a_localized_text_has_a_value_per_language():
    CustomAttribute.objects.create(
        code="care", names={"en": "Care", "az": "Qulluq"}, kind="text", is_localized=True
    )

    take(**{"Care": "Wipe it.", "Qulluq (az)": "Silin."})

    spec = Spec.objects.get()
    assert spec.custom_values == {"care": "Wipe it.", "care:az": "Silin."}
    assert spec.sources["custom:care:az"]["label"] == "Qulluq (az)"


def test_only_a_text_is_localized(admin_client):
    page = admin_client.post(ADD, SWITCH | {"is_localized": "on"}).content.decode()

    assert "Only a text can have one text per language." in page
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomAttribute.objects.create(
            code="x", names={"en": "X"}, kind="number", is_localized=True
        )


def test_a_label_names_an_attribute_whatever_its_unit():
    CustomAttribute.objects.create(
        code="dive_depth", names={"en": "Dive depth"}, kind="number", labels=["Max. depth"]
    )

    found = find_definitions(["Max. depth (m)", "Dive depth", "Depth"], registry.load())

    assert {label: one.code for label, one in found.items()} == {
        "Max. depth (m)": "dive_depth",
        "Dive depth": "dive_depth",
    }
