"""A customer answers a question about a return: no text is lost or stored twice."""

import pytest

from orders.models import ReturnAuthorization
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns import authorizations, photos
from tests.factories.compliance import make_picture
from tests.factories.returns import declare
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of
from tests.storefront.web.returns.test_photos import upload
from tests.storefront.web.returns.test_views import hidden, units

pytestmark = pytest.mark.django_db
TOO_LONG = "This is too long. Shorten it."
LINES = "\r\n".join(["x" * 9] * 80)  # 799 characters as a browser counts them, and 878 as it sends


@pytest.fixture
def there(order, return_with_question):
    return page_of(order, f"return/{return_with_question.number}/answer/")


@pytest.fixture
def decoded(monkeypatch):
    """Record which pictures are decoded."""
    noted, draw = [], photos.reencode
    monkeypatch.setattr(photos, "reencode", lambda content: (noted.append(1), draw(content))[1])
    return noted


def test_multi_line_answer_is_counted_as_in_the_browser(
    customer, order, return_with_question, there
):
    assert "We wrote: A picture?" in customer.get(page_of(order)).content.decode()

    answer = customer.post(there, {"customer_message": LINES})

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
    customer, there, decoded, language, room
):
    ReturnAuthorization.objects.update(customer_message="y" * (MAX_MESSAGE_LENGTH - room - 1))
    given = {"customer_message": "<" + "x" * room, "pictures": upload()}

    answer = customer.post(there.replace("/en/", f"/{language}/"), given)

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
    there = page_of(order, f"return/{made.number}/answer/")

    for given in ({"customer_message": "Dead."}, {"pictures": upload()}):
        answer = customer.post(there, {"customer_message": "Here.", **given})
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
    customer, return_with_question, there, words, count
):
    for _ in range(2):
        files = [upload(make_picture("JPEG")) for _ in range(count)]
        answer = customer.post(there, {"customer_message": words, "pictures": files})
        assert answer["Location"].endswith("?return=changed#returns")

    return_with_question.refresh_from_db()
    assert return_with_question.customer_message.count("And there.") == bool(words)
    assert return_with_question.pictures.count() == count


def test_concurrent_double_click_is_one_answer(customer, return_with_question, there, monkeypatch):
    def answer_concurrently(content):
        authorizations.add_answer(
            authorization=ReturnAuthorization.objects.get(pk=return_with_question.pk),
            customer_message="Here.",
            encoded_photos=[b"the first"],
            now=NOON.replace(hour=13),
        )
        return content

    monkeypatch.setattr(photos, "reencode", answer_concurrently)

    answer = customer.post(there, {"customer_message": "Here.", "pictures": upload()})

    assert answer["Location"].endswith("?return=changed#returns")
    assert return_with_question.pictures.count() == 1


def test_second_different_answer_is_refused(customer, return_with_question, there):
    customer.post(there, {"customer_message": "Here."})

    for words in ("Something else.", "ere.", ""):
        answer = customer.post(there, {"customer_message": words})
        assert answer["Location"].endswith("?return=late#returns"), words
    return_with_question.refresh_from_db()
    assert return_with_question.customer_message == "Dead.\nHere."


def test_get_of_an_answer_redirects_to_the_order(customer, order, there):
    assert customer.get(there)["Location"] == page_of(order) + "#returns"
    assert customer.get(there.replace("/answer/", "x/answer/")).status_code == 404
