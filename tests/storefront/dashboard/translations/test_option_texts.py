import pytest
from django.urls import reverse

from catalog.models import OptionText, Variant
from catalog.texts.option_index import refresh_option_texts
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel, make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def channel(db):
    return make_channel()  # error pages are those of the shop


@pytest.fixture
def rows():
    product = make_product(option_names=["Color", "Finish"])
    make_variant(product, option_values=("Black", "Moss"))
    make_variant(product, option_values=("black", "18650"), position=1)
    refresh_option_texts()
    return {row.key: row for row in OptionText.objects.all()}


def page_of(staff, **asked):
    return staff.get(reverse("supply:option_texts", args=["az"]), asked).content.decode()


def test_options_in_use_are_listed_with_known_translations_and_variants(rows):
    found = {key: (row.spellings, row.texts, row.variant_count) for key, row in rows.items()}

    assert found == {
        "color": (["Color"], {"az": "Rəng"}, 2),
        "finish": (["Finish"], {}, 2),
        "black": (["Black", "black"], {"az": "Qara"}, 2),
        "moss": (["Moss"], {}, 1),
    }
    assert refresh_option_texts() == 0


def test_an_unused_option_is_deleted_unless_it_has_a_translation(rows):
    Variant.objects.update(option_values=[])
    refresh_option_texts()

    left = dict(OptionText.objects.filter(kind="value").values_list("key", "variant_count"))
    assert left == {"black": 0}


def test_the_list_shows_what_is_not_translated_and_saves_in_place(staff, rows):
    assert "Moss" in page_of(staff, missing="1")
    assert "Qara" not in page_of(staff, missing="1")
    moss, black = rows["moss"].pk, rows["black"].pk

    staff.post(
        reverse("supply:option_texts", args=["az"]),
        {
            f"text_{moss}": "Mamır",
            f"shown_{moss}": "",
            f"text_{black}": "Qara",
            f"shown_{black}": "Qara",
        },
    )

    assert OptionText.objects.get(pk=moss).texts == {"az": "Mamır"}
    assert "Moss" not in page_of(staff, missing="1")
    assert "Moss" in page_of(staff, q="MOS")


def test_saving_needs_the_right_to_change_products(client, rows):
    client.force_login(make_staff("reader", "view_product"))
    address = reverse("supply:option_texts")

    assert client.get(address).status_code == 200
    assert client.post(address, {f"text_{rows['moss'].pk}": "x"}).status_code == 403
