"""Return photos and answers: errors keep the text, and nothing is lost or stored twice."""

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orders.models import ReturnAuthorization
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns import authorizations, photos
from storefront.lib.security import upload_limits
from storefront.web.returns import photos as photo_fields
from tests.factories.accounts import make_staff
from tests.factories.compliance import make_picture
from tests.factories.returns import declare
from tests.factories.suppliers import NOON
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
    url = page_of(order, "return/").replace("/en/", f"/{language}/")
    answer = page_of(order, f"return/{return_with_question.number}/answer/").replace(
        "/en/", f"/{language}/"
    )
    given = {"kind": "defect", "customer_message": WORDS, **units(order, 1)}
    confirmation_form = {**given, **hidden(customer.post(url, given)), "customer_message": WORDS}
    bad = upload(b"no picture")

    pages = [
        customer.post(url, given),
        customer.post(url, {**confirmation_form, "pictures": bad}),
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
    url, bad = page_of(order, "return/"), upload(b"garbage")

    pages = [
        customer.post(url, {**confirmation_form, "pictures": bad}).content.decode()
        for _ in range(3)
    ]

    limited = ["Too many pictures in one hour." in page for page in pages]
    assert limited == [False, False, True]
    assert customer.post(url, confirmation_form).status_code == 303
    assert ReturnAuthorization.objects.get().pictures.count() == 0


def test_question_is_answered_with_a_photo_alone(customer, order, return_with_question):
    url = page_of(order, f"return/{return_with_question.number}/answer/")

    customer.post(url, {"customer_message": "", "pictures": upload()})

    made = ReturnAuthorization.objects.get()
    assert (made.status, made.customer_message) == ("requested", "Dead.")
    assert made.pictures.count() == 1


def test_answer_with_an_invalid_photo_keeps_its_text(customer, order, return_with_question):
    url = page_of(order, f"return/{return_with_question.number}/answer/")

    answer = customer.post(url, {"customer_message": WORDS, "pictures": upload(b"garbage")})

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
    url = reverse("admin:orders_returnauthorization_picture", args=[made.pk, 1])
    page = reverse("admin:orders_returnauthorization_change", args=[made.pk])

    shown = staff_of_shop.get(url)

    assert url in staff_of_shop.get(page).content.decode()
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in shown["Cache-Control"]
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert shown.content == photos.read(made.pictures.get())
    assert staff_of_shop.get(url.replace("/1/", "/9/")).status_code == 404
    assert client_of_another.get(url).status_code == 302
    client_of_another.force_login(make_staff("helper"))
    assert client_of_another.get(url).status_code == 403
    assert customer.get(f"/media/{made.pictures.get().file}").status_code == 404
    storages["private"].delete(made.pictures.get().file)
    assert staff_of_shop.get(url).status_code == 404, "the file is lost"


TOO_LONG = "This is too long. Shorten it."
# A browser counts 799 characters and sends 878.
LINES = "\r\n".join(["x" * 9] * 80)


@pytest.fixture
def answer_url(order, return_with_question):
    return page_of(order, f"return/{return_with_question.number}/answer/")


@pytest.fixture
def decoded(monkeypatch):
    """Record each decoding of a picture."""
    calls, draw = [], photos.reencode
    monkeypatch.setattr(photos, "reencode", lambda content: (calls.append(1), draw(content))[1])
    return calls


def test_multi_line_answer_is_counted_as_in_the_browser(
    customer, order, return_with_question, answer_url
):
    assert "We wrote: A picture?" in customer.get(page_of(order)).content.decode()

    answer = customer.post(answer_url, {"customer_message": LINES})

    return_with_question.refresh_from_db()
    assert answer.status_code == 303
    assert return_with_question.status == "requested"
    assert return_with_question.customer_message == "Dead.\n" + LINES.replace("\r\n", "\n")


def test_multi_line_complaint_is_counted_as_in_the_browser(customer, order):
    given = {"kind": "defect", "customer_message": LINES, **units(order, 1)}

    asked = customer.post(page_of(order, "return/"), given)
    customer.post(page_of(order, "return/"), {**hidden(asked), "customer_message": LINES})

    assert ReturnAuthorization.objects.get().customer_message == LINES.replace("\r\n", "\n")


@in_each_language
@pytest.mark.parametrize("room", [800, 100])
def test_too_long_text_is_an_error_and_no_picture_is_decoded(
    customer, answer_url, decoded, language, room
):
    ReturnAuthorization.objects.update(customer_message="y" * (MAX_MESSAGE_LENGTH - room - 1))
    given = {"customer_message": "<" + "x" * room, "pictures": upload()}

    answer = customer.post(answer_url.replace("/en/", f"/{language}/"), given)

    page = Page(answer)
    assert answer.status_code == 422
    assert (page.faults, page.unlabeled(), decoded) == ([], [], [])
    assert f"&lt;{'x' * room}</textarea>" in page.text
    (area,) = page.all("textarea")
    assert (area["aria-describedby"], area["aria-invalid"]) == ("id_customer_message-wrong", "true")
    (files,) = [each for each in page.all("input") if each.get("type") == "file"]
    assert "aria-invalid" not in files
    assert {*area["aria-describedby"].split(), *files["aria-describedby"].split()} <= {*page.ids}
    if language == "en":
        wrong = page.text.partition('id="id_customer_message-wrong"')[2].partition("</p>")[0]
        assert wrong.count(TOO_LONG) == 1
        assert "Choose the pictures again: they were not saved." in page.text
    assert ReturnAuthorization.objects.get().status == "needs_evidence"


def test_text_without_a_question_is_no_answer_and_no_picture_is_decoded(customer, order, decoded):
    made = declare(order, 1, kind="defect", customer_message="Dead.")
    answer_url = page_of(order, f"return/{made.number}/answer/")

    for given in ({"customer_message": "Dead."}, {"pictures": upload()}):
        answer = customer.post(answer_url, {"customer_message": "Here.", **given})
        assert answer["Location"].endswith("?return=late#returns")
    assert decoded == []


def test_no_picture_is_decoded_for_items_that_cannot_be_returned(customer, order, decoded):
    given = {"kind": "defect", "customer_message": "Dead.", **units(order, 2)}
    asked = hidden(customer.post(page_of(order, "return/"), given))
    declare(order, 1, kind="defect", customer_message="Dead.")

    answer = customer.post(page_of(order, "return/"), {**asked, "pictures": upload()})

    assert answer.status_code == 422
    assert decoded == []


@pytest.mark.parametrize(("words", "count"), [("Here.\r\nAnd there.", 0), ("", 2)])
def test_double_click_is_one_answer_without_an_error(
    customer, return_with_question, answer_url, words, count
):
    for _ in range(2):
        files = [upload(make_picture("JPEG")) for _ in range(count)]
        answer = customer.post(answer_url, {"customer_message": words, "pictures": files})
        assert answer["Location"].endswith("?return=changed#returns")

    return_with_question.refresh_from_db()
    assert return_with_question.customer_message.count("And there.") == bool(words)
    assert return_with_question.pictures.count() == count


def test_concurrent_double_click_is_one_answer(
    customer, return_with_question, answer_url, monkeypatch
):
    def answer_concurrently(content):
        authorizations.add_answer(
            authorization=ReturnAuthorization.objects.get(pk=return_with_question.pk),
            customer_message="Here.",
            encoded_photos=[b"the first"],
            now=NOON.replace(hour=13),
        )
        return content

    monkeypatch.setattr(photos, "reencode", answer_concurrently)

    answer = customer.post(answer_url, {"customer_message": "Here.", "pictures": upload()})

    assert answer["Location"].endswith("?return=changed#returns")
    assert return_with_question.pictures.count() == 1


def test_second_different_answer_is_refused(customer, return_with_question, answer_url):
    customer.post(answer_url, {"customer_message": "Here."})

    for words in ("Something else.", "ere.", ""):
        answer = customer.post(answer_url, {"customer_message": words})
        assert answer["Location"].endswith("?return=late#returns"), words
    return_with_question.refresh_from_db()
    assert return_with_question.customer_message == "Dead.\nHere."


def test_get_of_an_answer_redirects_to_the_order(customer, order, answer_url):
    assert customer.get(answer_url)["Location"] == page_of(order) + "#returns"
    assert customer.get(answer_url.replace("/answer/", "x/answer/")).status_code == 404
