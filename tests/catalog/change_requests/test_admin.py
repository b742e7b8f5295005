import re
from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import ChangeRequest, Product
from tests.factories.accounts import make_staff
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_image,
    make_product,
    make_spec,
    make_variant,
)
from tests.support.admin_forms import row_page

pytestmark = pytest.mark.django_db
LIST = reverse("admin:catalog_changerequest_changelist")


def make_request(**changes):
    product = make_product(title="Night torch")
    make_spec(product, output_lm=400)
    make_variant(product)
    return ChangeRequest.objects.create(
        product=product,
        supplier_code="cj",
        changes={name: {"value": value} for name, value in changes.items()},
        opened_at=NOON,
        updated_at=NOON,
    )


def decide(client, request, **step):
    """Open the page, unless ``seen`` is given, and decide."""
    if "seen" not in step and (context := client.get(row_page(request)).context):
        step["seen"] = context["seen"]
    return client.post(reverse("admin:catalog_changerequest_decide", args=[request.pk]), step)


def test_the_page_shows_what_differs(staff):
    request = make_request(title="Night <b>lamp</b>", output_lm=450)

    html = staff.get(row_page(request)).content.decode()

    assert "<mark>torch</mark>" in html
    assert "<mark>&lt;b&gt;lamp&lt;/b&gt;</mark>" in html
    assert "<mark>450</mark>" in html


def test_a_field_is_accepted_then_the_rest_rejected(staff):
    request = make_request(title="Night lamp", output_lm=450)

    first = decide(staff, request, accept="output_lm")
    last = decide(staff, request, reject="")

    product = Product.objects.get()
    assert (product.title, product.spec.output_lm) == ("Night torch", 450)
    assert (first.url, last.url) == (row_page(request), LIST)
    assert [*ChangeRequest.objects.get().rejected] == ["title"]


def test_a_decided_request_leads_to_the_list(staff):
    request = make_request(title="Night lamp")
    seen = staff.get(row_page(request)).context["seen"]
    decide(staff, request, accept="title", seen=seen)
    url = reverse("admin:catalog_changerequest_decide", args=[request.pk])

    again = staff.post(url, {"reject": "title", "seen": seen}, follow=True)
    reopened = staff.get(row_page(request), follow=True)

    for answer in (again, reopened):
        assert answer.redirect_chain[-1][0] == LIST
        assert "is not open anymore" in answer.content.decode()
    assert Product.objects.get().title == "Night lamp"


def test_images_are_shown_and_those_of_the_supplier_linked(staff):
    known, new = "http://127.0.0.1/pictures/a.png", "http://127.0.0.1/pictures/b.png"
    request = make_request(
        images=[
            {"url": known, "role": "main", "sku": ""},
            {"url": new, "role": "in_use", "sku": ""},
            {"url": "javascript:alert(1)", "role": "scale", "sku": ""},
        ]
    )
    make_image(request.product, source_url=known, stem="abc", position=0)

    html = staff.get(row_page(request)).content.decode()

    assert html.count("abc-") == 2  # in the catalog and stated
    assert f'href="{new}"' in html
    assert "<mark>In use</mark>" in html
    assert "<mark>Main image</mark>" not in html
    assert 'href="javascript' not in html


def test_lumens_of_modes_are_shown_without_empty_decimals(staff):
    modes = [{"name": "High", "kind": "white", "output_lm": "300.00", "runtime_min": 90}]

    html = staff.get(row_page(make_request(modes=modes))).content.decode()

    assert "High white 300 lm 90 min" in html


def test_rejected_values_are_shown_with_labels(staff):
    options = {"names": ["Color"], "values": {"HL-1": ["Red"]}}
    request = make_request(options=options, output_lm=450, title="Night lamp")

    decide(staff, request, reject="options")
    decide(staff, request, reject="output_lm")

    html = staff.get(row_page(request)).content.decode()
    assert "<li>Options: Color · HL-1: Red (" in html
    assert "<li>Output, lm: 450 (" in html


def shown_versions(client, **query):
    """Return the hidden inputs of the list that hold the shown version of each request."""
    html = client.get(LIST, query).content.decode()
    return dict(re.findall(r'name="(seen-\d+)" value="([^"]+)"', html))


def select(client, requests, **form):
    chosen = {"action": "accept_selected", "_selected_action": [one.pk for one in requests]}
    answer = client.post(LIST, chosen | form, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_a_selection_is_accepted(staff):
    requests = [make_request(title="One lamp"), make_request(title="Two lamps")]

    messages = select(staff, requests, **shown_versions(staff))

    assert {*Product.objects.values_list("title", flat=True)} == {"One lamp", "Two lamps"}
    assert messages == ["2 requests decided."]


def test_a_selection_accepts_only_what_the_list_showed(staff):
    requests = [make_request(title="One lamp"), make_request(title="Two lamps")]
    unseen = make_request(title="Three lamps")
    shown = shown_versions(staff)
    del shown[f"seen-{unseen.pk}"]  # as on another page of the list
    ChangeRequest.objects.filter(pk=requests[0].pk).update(
        changes={"title": {"value": "No lamp"}}, updated_at=NOON + timedelta(minutes=1)
    )

    messages = select(staff, [*requests, unseen], **shown)

    titles = {*Product.objects.values_list("title", flat=True)}
    assert titles == {"Night torch", "Two lamps"}
    assert messages[0].startswith("2 requests not decided: they have changed since")
    assert messages[1] == "1 request decided."
    assert ChangeRequest.objects.count() == 2


def test_an_unknown_field_is_refused_and_a_reader_decides_nothing(staff, client):
    make_channel()
    request = make_request(title="Night lamp")

    assert decide(staff, request, accept="slug").status_code == 404
    client.force_login(make_staff("reader", "view_changerequest"))
    html = client.get(row_page(request)).content.decode()
    assert "<mark>lamp</mark>" in html
    assert 'name="accept"' not in html
    assert decide(client, request, accept="title").status_code == 403
    assert Product.objects.get().title == "Night torch"


def test_the_list_needs_few_statements(staff, django_assert_max_num_queries):
    for number in range(5):
        make_request(title=f"Lamp {number}", brand="Other", modes=[])

    with django_assert_max_num_queries(12):
        answer = staff.get(LIST)

    assert answer.content.decode().count("<mark>Lamp ") == 5


def test_a_change_that_staff_have_not_seen_is_not_accepted(staff):
    request = make_request(output_lm=450)
    seen = staff.get(row_page(request)).context["seen"]
    ChangeRequest.objects.update(
        changes={"output_lm": {"value": 4500}}, updated_at=NOON + timedelta(minutes=1)
    )

    answer = staff.post(
        reverse("admin:catalog_changerequest_decide", args=[request.pk]),
        {"accept": "output_lm", "seen": seen},
        follow=True,
    )

    assert "has changed the values meanwhile" in answer.content.decode()
    assert Product.objects.get().spec.output_lm == 400


def test_a_locked_field_is_named_instead_of_accepted(staff):
    request = make_request(title="Night lamp", output_lm=450)
    Product.objects.update(overridden_fields=["title"])

    seen = staff.get(row_page(request)).context["seen"]
    answer = staff.post(
        reverse("admin:catalog_changerequest_decide", args=[request.pk]),
        {"accept": "title", "seen": seen},
        follow=True,
    )

    text = answer.content.decode()
    assert "because the fields are locked: Title." in text
    assert "shows the new value" not in text
    assert Product.objects.get().title == "Night torch"
