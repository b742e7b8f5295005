import pytest
from django.urls import reverse

from catalog.families import custom_attribute_admin
from catalog.families.custom_attribute_admin import CustomAttributeForm
from catalog.models import CustomAttribute, ProductFamily

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch():
    ProductFamily.objects.filter(code="headlamp").update(
        title_templates={"az": "{model}, {switch}"}
    )
    return CustomAttribute.objects.create(
        code="switch", names={"en": "Switch"}, kind="choice", choices=[["side", {"en": "Side"}]]
    )


@pytest.fixture
def queued(monkeypatch):
    tasks = []
    monkeypatch.setattr(
        custom_attribute_admin,
        "enqueue",
        lambda task, **known: tasks.append((task.__name__, *known.values())),
    )
    return tasks


@pytest.mark.parametrize(
    ("name", "expected"), [("Lateral", [("refresh_titles", "headlamp")]), ("Side", [])]
)
def test_a_renamed_choice_makes_the_titles_that_name_it(
    admin_client, switch, queued, django_capture_on_commit_callbacks, *, name, expected
):
    page = reverse("admin:catalog_customattribute_change", args=[switch.pk])
    choice = {"choices-0-code": "side", "choices-0-en": name, "choices-0-position": "1"}
    fields = {"names_en": "Switch", **choice, "position": "0"}

    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_client.post(page, fields)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert CustomAttribute.objects.get().choices == [["side", {"en": name}]]
    assert queued == expected


def test_a_deleted_attribute_leaves_the_titles_that_name_it(
    admin_client, switch, queued, django_capture_on_commit_callbacks
):
    page = reverse("admin:catalog_customattribute_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [switch.pk], "post": "yes"}

    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(page, chosen)

    assert (CustomAttribute.objects.count(), queued) == (
        0,
        [("refresh_titles", "headlamp")],
    )


def post(client, attribute, **changes):
    page = reverse("admin:catalog_customattribute_change", args=[attribute.pk])
    choice = {"choices-0-code": "side", "choices-0-en": "Side", "choices-0-position": "1"}
    return client.post(page, {"names_en": "Switch", **choice, "position": "0"} | changes)


def test_cards_are_rebuilt_when_an_attribute_becomes_a_filter_and_while_it_is_one(
    admin_client, switch, queued, django_capture_on_commit_callbacks
):
    for mark in ("folded", "shown", ""):
        with django_capture_on_commit_callbacks(execute=True):
            assert post(admin_client, switch, filter_display=mark).status_code == 302
        assert queued == [("reindex_attribute", "switch")], mark
        queued.clear()

    with django_capture_on_commit_callbacks(execute=True):
        post(admin_client, switch)
    assert queued == []


def test_a_text_cannot_be_a_filter(admin_client):
    care = CustomAttribute.objects.create(code="care", names={"en": "Care"}, kind="text")
    page = reverse("admin:catalog_customattribute_change", args=[care.pk])

    answer = admin_client.post(
        page, {"names_en": "Care", "position": "0", "filter_display": "shown"}
    )

    assert "Customers cannot filter by a text." in answer.text
    care.refresh_from_db()
    assert care.filter_display == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": "weight_g"}, "A built-in attribute has this code."),
        ({"code": "depth_min"}, "Enter a code that does not end with _min or _max."),
        (
            {"names_en": "switch"},
            "The attribute “switch” has this name, and files name columns by it.",
        ),
    ],
)
def test_codes_and_names_are_not_ambiguous(admin_client, switch, changes, message):
    fields = {"code": "lens", "names_en": "Lens", "kind": "yes_no", "position": "0"}

    page = admin_client.post(reverse("admin:catalog_customattribute_add"), fields | changes)

    assert message in page.content.decode()
    assert CustomAttribute.objects.count() == 1


def test_a_second_click_on_save_shows_the_form_with_a_message(admin_client, switch, monkeypatch):
    monkeypatch.setattr(CustomAttributeForm, "validate_unique", lambda _form: None)
    add = reverse("admin:catalog_customattribute_add")
    fields = {"code": switch.code, "names_en": "Lens", "kind": "yes_no", "position": "0"}

    page = admin_client.post(add, fields, follow=True)

    assert page.redirect_chain == [(add, 302)]
    assert "Another request saved or deleted the same." in page.content.decode()
    assert CustomAttribute.objects.count() == 1
