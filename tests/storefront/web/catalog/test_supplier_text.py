from io import StringIO

import pytest
from django.core.management import call_command
from django.utils.translation import override

from catalog.custom_attributes import registry
from catalog.models import CustomAttribute, Mode, Product, Spec, Variant
from storefront.web.catalog import supplier_text
from tests.factories.catalog import make_variant


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("Moonlight", "mode", "Ay işığı"),
        ("STROBE", "mode", "Stroboskop"),
        ("Emitter", "option", "LED növü"),
        ("Country of origin", "label", "Mənşə ölkəsi"),
        ("Grey", "value", "Boz"),
        ("aluminum, pc", "value", "alüminium, polikarbonat"),
        ("2 pcs", "value", "2 ədəd"),
        ("5000 K", "value", "5000 K"),
        ("<b>Glacier", "value", '<span lang="en">&lt;b&gt;Glacier</span>'),
        ("aluminum, wood", "value", '<span lang="en">aluminum, wood</span>'),
    ],
)
def test_known_words_are_translated_and_others_marked_as_english(text, kind, expected):
    options = "Purple / With battery / <i>"
    with override("az"):
        assert supplier_text.translated(text, kind) == expected
        assert supplier_text.options(options) == "Bənövşəyi / Batareya ilə / &lt;i&gt;"
    with override("en"):
        assert supplier_text.translated(text, kind) == text
        assert supplier_text.translated_plain(text, kind) == text


@pytest.mark.django_db
def test_product_is_translated_as_far_as_words_are_known(client, light):
    make_variant(Product.objects.get(), sku="HL-RED", option_values=("Red",), position=1)
    Variant.objects.filter(position=0).update(option_values=["Purple"])
    Mode.objects.update(name="Turbo")
    Mode.objects.filter(pk=Mode.objects.first().pk).update(name="Moonlight")
    Spec.objects.update(more={"Country of origin": "CN", "Switch": "side", "Reflector": "smooth"})

    page = client.get("/az/p/trail-400/").content.decode()

    assert "Ay işığı" in page
    assert "Moonlight" not in page
    assert '<th scope="row">Mənşə ölkəsi</th><td>Çin' in page
    assert '<th scope="row">Düymə</th><td>yanda' in page
    assert '<span lang="en">Reflector</span></th><td><span lang="en">smooth</span>' in page
    assert '<span lang="en">Trail 400</span></h1>' in page


@pytest.mark.django_db
def test_a_custom_attribute_is_named_in_the_language_of_the_page(client, light, monkeypatch):
    monkeypatch.setattr(registry, "_cached", None)
    call_command("create_attributes", verbosity=0, stdout=StringIO())
    values = {"switch_position": ["tail", "side"], "charge_time": "2.50", "mode_memory": False}
    Spec.objects.update(custom_values=values, sources={"custom:charge_time": {"raw": "2 h 30"}})

    page = client.get("/az/p/trail-400/").content.decode()

    assert '<th scope="row">Düymə</th><td>arxada, yanda' in page
    assert '<th scope="row">Doldurma müddəti</th><td>2,5 h' in page
    assert "2 h 30" in page
    assert '<th scope="row">Son rejimi yadda saxlayır</th><td>xeyr' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"care": "Wipe <it>", "care:az": "Silin"}, "<td>Silin</td>"),
        ({"care": "Wipe <it>"}, '<td><span lang="en">Wipe &lt;it&gt;</span></td>'),
        ({"care:az": "Silin"}, "<td>Silin</td>"),
    ],
)
def test_a_localized_attribute_is_shown_in_the_language_of_the_page(
    client, light, monkeypatch, values, expected
):
    monkeypatch.setattr(registry, "_cached", None)
    CustomAttribute.objects.create(
        code="care", names={"en": "Care", "az": "Qulluq"}, kind="text", is_localized=True
    )
    Spec.objects.update(custom_values=values, sources={"custom:care": {"raw": "Wipe <it>"}})

    page = client.get("/az/p/trail-400/").content.decode()

    assert f'<th scope="row">Qulluq</th>{expected}' in page
