import pytest

from catalog.brands.forms import BrandForm
from catalog.models import Brand
from catalog.products.staff.category_forms import CategoryForm
from tests.factories.catalog import make_brand

pytestmark = pytest.mark.django_db

PERSON = {
    "name": "Fara",
    "responsible_name": "Rep S.r.l.",
    "responsible_address": "Via Uno 1, Milano",
    "responsible_country": "it",
    "responsible_email": "a@rep.example",
}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"responsible_email": ""}, "responsible_name", "or none of them"),
        ({"responsible_country": "CN"}, "responsible_country", "must be in the EU"),
        ({"manufacturer_country": "QQ"}, "manufacturer_country", "not a country code"),
        ({"manufacturer_name": "Lumen"}, "manufacturer_name", "or none of them"),
    ],
)
def test_an_incomplete_contact_is_rejected(changes, field, words):
    form = BrandForm({**PERSON, **changes}, instance=make_brand())

    assert not form.is_valid()
    assert words in str(form.errors[field])


def test_a_complete_contact_is_saved():
    form = BrandForm(PERSON, instance=make_brand())
    form.save()

    assert Brand.objects.get().responsible_country == "IT"


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ({"names_en": "", "names_az": "Baş fənəri"}, "Enter the English name. It is used where"),
        ({"families": ["lamps"]}, "lamps is not one of the available choices"),
    ],
)
def test_an_invalid_category_is_rejected(slip, words):
    good = {
        "slug": "new",
        "names_en": "New",
        "intros_en": "One\r\nTwo",
        "families": ["headlamp"],
        "position": "0",
    }

    assert words in str(CategoryForm(good | slip).errors)
    category = CategoryForm(good).save()
    assert (category.name_in("az"), category.intros) == ("New", {"en": "One\nTwo"})
    assert category.families == ["headlamp"]
