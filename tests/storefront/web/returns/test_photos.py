"""Return photos: errors in them keep the text of the complaint."""

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orders.models import ReturnAuthorization
from orders.returns import photos
from storefront.lib.security import upload_limits
from storefront.web.returns import photos as photo_fields
from tests.factories.accounts import make_staff
from tests.factories.compliance import make_picture
from tests.orders.returns.test_photos import files
from tests.storefront.web.page_parser import Page, in_each_language, page_of
from tests.storefront.web.returns.test_views import hidden, units

pytestmark = pytest.mark.django_db
WORDS = "It <flickers>, and smells."


def upload(content=None, name="light.jpg"):
    return SimpleUploadedFile(name, make_picture("JPEG") if content is None else content)


@pytest.fixture
def confirmation_form(customer, order):
    """Open the confirmation page, and return the values of its form."""
    given = {"kind": "defect", "customer_message": WORDS, **units(order, 1)}
    return {**hidden(customer.post(page_of(order, "return/"), given)), "customer_message": WORDS}


@in_each_language
def test_each_page_with_photos_is_valid(customer, order, return_with_question, language):
    there = page_of(order, "return/").replace("/en/", f"/{language}/")
    answer = page_of(order, f"return/{return_with_question.number}/answer/").replace(
        "/en/", f"/{language}/"
    )
    given = {"kind": "defect", "customer_message": WORDS, **units(order, 1)}
    confirmation_form = {**given, **hidden(customer.post(there, given)), "customer_message": WORDS}
    bad = upload(b"no picture")

    pages = [
        customer.post(there, given),
        customer.post(there, {**confirmation_form, "pictures": bad}),
        customer.post(answer, {"customer_message": WORDS, "pictures": upload(b"no picture")}),
        customer.get(page_of(order).replace("/en/", f"/{language}/")),
    ]

    for page in map(Page, pages):
        assert page.faults == []
        assert page.unlabeled() == []
        assert len(page.ids) == len(set(page.ids))
        (form,) = [each for each in page.all("form") if "enctype" in each]
        assert form["enctype"] == "multipart/form-data"


def test_photos_are_stored_with_the_complaint(customer, order, confirmation_form):
    sent = {**confirmation_form, "pictures": [upload(), upload(make_picture("WEBP"), "b.webp")]}

    answer = customer.post(page_of(order, "return/"), sent, follow=True)

    made = ReturnAuthorization.objects.get()
    assert (made.customer_message, made.pictures.count()) == (WORDS, 2)
    assert "2 pictures attached" in answer.content.decode()


def test_withdrawal_asks_for_no_photo_and_stores_none(customer, order):
    given = {"kind": "withdrawal", **units(order, 1)}
    page = customer.post(page_of(order, "return/"), given)

    customer.post(page_of(order, "return/"), {**hidden(page), "pictures": upload()})

    assert 'type="file"' not in page.content.decode()
    assert ReturnAuthorization.objects.get().pictures.count() == 0
    assert files() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([upload(b"garbage", "<b>.jpg")], "We cannot open &lt;b&gt;.jpg"),
        ([upload(b"", "empty.jpg")], "We cannot open empty.jpg"),
        ([upload(make_picture("GIF"))], "We cannot open"),
        (
            [upload(b"\0" * (photos.MAX_BYTES + 1), "big.jpg")],
            "big.jpg is too large. At most 4 pictures",
        ),
        ([upload() for _ in range(5)], "Too many pictures. At most 4 pictures, up to 8 MB each."),
        ([upload(), upload(b"garbage")], "We cannot open"),
    ],
)
def test_error_is_at_the_field_and_the_text_is_kept(
    customer, order, confirmation_form, given, words
):
    for each in given:
        each.seek(0)

    answer = customer.post(page_of(order, "return/"), {**confirmation_form, "pictures": given})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text.partition('id="id_pictures-hint"')[2]
    assert hidden(answer)["customer_message"] == "It &lt;flickers&gt;, and smells."
    assert hidden(answer)["key"] == confirmation_form["key"]
    assert not ReturnAuthorization.objects.exists()
    assert files() == []


def test_oversized_form_is_dropped_with_a_message(customer, order, confirmation_form, monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_FORM_BYTES", 1_000)
    large = upload(make_picture("PNG", (600, 600)) + b"\0" * 2_000)

    answer = customer.post(page_of(order, "return/"), {**confirmation_form, "pictures": large})

    assert answer.status_code == 422
    assert "The pictures are too large in total. At most 4 pictures" in answer.content.decode()
    assert hidden(answer)["key"] == confirmation_form["key"]


def test_photo_uploads_are_rate_limited_and_a_complaint_needs_none(
    customer, order, confirmation_form, monkeypatch
):
    monkeypatch.setattr(photo_fields, "FORMS_PER_HOUR", 2)
    there, bad = page_of(order, "return/"), upload(b"garbage")

    pages = [
        customer.post(there, {**confirmation_form, "pictures": bad}).content.decode()
        for _ in range(3)
    ]

    limited = ["Too many pictures in one hour." in page for page in pages]
    assert limited == [False, False, True]
    assert customer.post(there, confirmation_form).status_code == 303
    assert ReturnAuthorization.objects.get().pictures.count() == 0


def test_question_is_answered_with_a_photo_alone(customer, order, return_with_question):
    there = page_of(order, f"return/{return_with_question.number}/answer/")

    customer.post(there, {"customer_message": "", "pictures": upload()})

    made = ReturnAuthorization.objects.get()
    assert (made.status, made.customer_message) == ("requested", "Dead.")
    assert made.pictures.count() == 1


def test_answer_with_an_invalid_photo_keeps_its_text(customer, order, return_with_question):
    there = page_of(order, f"return/{return_with_question.number}/answer/")

    answer = customer.post(there, {"customer_message": WORDS, "pictures": upload(b"garbage")})

    page = Page(answer)
    (area,) = page.all("textarea")
    (pictures,) = [each for each in page.all("input") if each.get("type") == "file"]
    assert answer.status_code == 422
    assert "It &lt;flickers&gt;, and smells.</textarea>" in page.text
    assert ("aria-invalid" in area, pictures["aria-invalid"]) == (False, "true")
    return_with_question.refresh_from_db()
    assert return_with_question.status == "needs_evidence"


def test_photos_need_permission_to_view_the_return(
    customer, order, confirmation_form, staff_of_shop, client_of_another
):
    customer.post(page_of(order, "return/"), {**confirmation_form, "pictures": upload()})
    made = ReturnAuthorization.objects.get()
    there = reverse("admin:orders_returnauthorization_picture", args=[made.pk, 1])
    page = reverse("admin:orders_returnauthorization_change", args=[made.pk])

    shown = staff_of_shop.get(there)

    assert there in staff_of_shop.get(page).content.decode()
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in shown["Cache-Control"]
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert shown.content == photos.read(made.pictures.get())
    assert staff_of_shop.get(there.replace("/1/", "/9/")).status_code == 404
    assert client_of_another.get(there).status_code == 302
    client_of_another.force_login(make_staff("helper"))
    assert client_of_another.get(there).status_code == 403
    assert customer.get(f"/media/{made.pictures.get().file}").status_code == 404
    storages["private"].delete(made.pictures.get().file)
    assert staff_of_shop.get(there).status_code == 404, "the file is lost"
