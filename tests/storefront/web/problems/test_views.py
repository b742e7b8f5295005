"""Problem pages: report a problem, follow it, answer, withdraw; a late request gets an answer."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shipping.models import Parcel, ProblemReport
from shipping.problem_reports import reports
from storefront.web.problems import views
from tests.factories.compliance import make_picture
from tests.factories.orders import make_paid_order
from tests.factories.parcels import make_parcel_in
from tests.factories.problem_reports import decide, report_problem
from tests.factories.returns import make_delivered, make_sibling
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel():
    """Two delivered headlamps in one parcel."""
    return make_parcel_in("delivered")


def order_of(parcel):
    return parcel.shipment.purchase_order.order


def form_of(parcel, kind="damaged", language="en"):
    return page_of(order_of(parcel), f"problems/{parcel.pk}/{kind}/", language)


def act_of(report, name):
    return page_of(order_of(report.parcel), f"reports/{report.pk}/{name}/")


def given(parcel, **changed):
    lines = {f"units_{row.order_line_id}": 1 for row in parcel.lines.all()}
    known = {"wish": "refund", "customer_message": "Dented.", "key": "form-1", **lines, **changed}
    return {name: value for name, value in known.items() if value is not None}


def text_of(response):
    return response.content.decode()


def test_a_damaged_item_is_reported_once_from_the_order_page(customer, parcel):
    order_page = customer.get(page_of(order_of(parcel)))
    assert "problems/" in text_of(order_page)
    chosen = customer.get(page_of(order_of(parcel), "problems/"))
    assert form_of(parcel) in text_of(chosen)
    form = Page(customer.get(form_of(parcel)))
    (key,) = form.all("input", name="key")

    sent = given(parcel, key=key["value"], pictures=as_upload())
    answers = [customer.post(form_of(parcel), sent, follow=True) for _ in range(2)]
    other_tab = customer.post(form_of(parcel), given(parcel, key="other"), follow=True)

    report = ProblemReport.objects.get()
    for shown in map(text_of, [*answers, other_tab]):
        assert "We received your report." in shown
        assert "1 picture attached" in shown
    assert (report.kind, report.wish, report.customer_message) == ("damaged", "refund", "Dented.")
    assert customer.get(form_of(parcel)).status_code == 303
    assert "You reported this." in text_of(customer.get(page_of(order_of(parcel), "problems/")))


def as_upload():
    return SimpleUploadedFile("dent.png", make_picture(), "image/png")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"customer_message": " "}, "Describe the problem in a few words."),
        ({"wish": ""}, "Choose what we should do."),
        ({"wish": "gold"}, "Choose what we should do."),
        ({"units": 0}, "Choose at least one item."),
        ({"units": 3}, "Enter a number from 0 to 2."),
        ({"units": "two"}, "Enter a number from 0 to 2."),
    ],
)
def test_wrong_input_is_explained_and_kept(customer, parcel, changed, said):
    if "units" in changed:
        units = changed.pop("units")
        changed = {f"units_{row.order_line_id}": units for row in parcel.lines.all()}

    answer = customer.post(form_of(parcel), given(parcel, **changed, pictures=as_upload()))

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "Choose the pictures again" in text_of(answer)
    assert not ProblemReport.objects.exists()


def test_a_report_that_comes_too_late_says_what_is_possible_instead(customer, parcel, noon):
    customer.get(form_of(parcel))
    noon.shift(timedelta(days=40))

    answer = customer.post(form_of(parcel), given(parcel))
    page = customer.get(page_of(order_of(parcel), "problems/"))

    assert answer.status_code == 409
    for shown in (text_of(answer), text_of(page)):
        assert "This could be reported here until" in shown
        assert page_of(order_of(parcel), "return/") in shown
    assert not ProblemReport.objects.exists()


def test_a_parcel_on_its_way_says_from_when_it_can_be_reported(customer):
    parcel = make_parcel_in("shipped")

    page = text_of(customer.get(form_of(parcel, "never_arrived")))

    assert "If it has not arrived by then, report it from" in page
    assert "<form method" not in page


def test_a_report_refused_under_the_lock_shows_the_reason(customer, parcel, monkeypatch):
    def refuse(**_known):
        raise reports.CannotReportError("It changed.")

    monkeypatch.setattr(reports, "submit", refuse)

    answer = customer.post(form_of(parcel), given(parcel))

    assert (answer.status_code, "It changed." in text_of(answer)) == (422, True)


def test_many_reports_in_an_hour_are_refused(customer, parcel, monkeypatch):
    monkeypatch.setattr(views, "REPORTS_PER_HOUR", 1)

    for key in ("form-1", "form-2"):
        answer = customer.post(form_of(parcel), given(parcel, key=key))
        for report in ProblemReport.objects.filter(status="open"):
            customer.post(act_of(report, "withdraw"))

    assert (answer.status_code, ProblemReport.objects.count()) == (422, 1)
    assert "Too many reports in one hour." in text_of(answer)


def test_items_of_a_parcel_without_delivery_event_need_the_word_that_it_arrived(customer):
    parcel = make_parcel_in("shipped")

    refused = customer.post(form_of(parcel), given(parcel))
    again = customer.post(form_of(parcel), given(parcel, has_arrived="on", wish=""))
    customer.post(form_of(parcel), given(parcel, has_arrived="on"))

    assert "Confirm that the parcel has arrived." in text_of(refused)
    assert Page(again).all("input", name="has_arrived", checked=None)
    parcel.refresh_from_db()
    assert (parcel.status, ProblemReport.objects.get().kind) == ("delivered", "damaged")


def test_never_arrived_needs_only_the_wish_and_ends_when_it_arrives(customer, parcel):
    form = text_of(customer.get(form_of(parcel, "never_arrived")))
    assert "neighbors" in form
    assert "pictures" not in form

    sent = {"wish": "replacement", "key": "form-1"}
    shown = customer.post(form_of(parcel, "never_arrived"), sent, follow=True)
    report = ProblemReport.objects.get()
    assert "It arrived after all" in text_of(shown)
    assert [line.quantity for line in report.lines.all()] == [2]

    ended = customer.post(act_of(report, "arrived"), follow=True)
    again = customer.post(act_of(report, "arrived"), follow=True)
    late = customer.post(act_of(report, "withdraw"), follow=True)

    assert "The parcel arrived, so this report is closed." in text_of(ended)
    assert "Saved." in text_of(again)
    assert "This is no longer possible." in text_of(late)


def test_no_item_is_preselected_among_several(customer, light):
    order = make_delivered(light, make_sibling(light, "20.00"), quantity=1)
    parcel = Parcel.objects.get()

    form = Page(customer.get(page_of(order, f"problems/{parcel.pk}/damaged/")))

    assert [each["value"] for each in form.all("input", type="number")] == ["0", "0"]


def test_a_decided_report_cannot_arrive_any_more(customer, parcel):
    report = report_problem(parcel)
    decide(report, "refund")

    late = customer.post(act_of(report, "arrived"), follow=True)

    assert "This is no longer possible." in text_of(late)


def test_only_a_missing_parcel_can_arrive_after_all(customer, parcel):
    report = report_problem(parcel, "damaged")

    assert customer.post(act_of(report, "arrived")).status_code == 404
    assert "It arrived after all" not in text_of(customer.get(page_of(order_of(parcel))))
    customer.post(act_of(report, "withdraw"))
    assert "You withdrew this report." in text_of(customer.get(page_of(order_of(parcel))))


def test_a_question_is_answered_on_the_order_page(customer, parcel):
    report = report_problem(parcel, "damaged")
    decide(report, "ask", text="A picture?")
    url = act_of(report, "answer")
    assert "We wrote: A picture?" in text_of(customer.get(page_of(order_of(parcel))))

    empty = customer.post(url, {})
    too_long = customer.post(url, {"customer_message": "x" * 801})
    sent = {"customer_message": "Here.", "pictures": as_upload()}
    first = customer.post(url, sent, follow=True)
    repeated = customer.post(
        url, {"customer_message": "Here.", "pictures": as_upload()}, follow=True
    )
    late = customer.post(url, {"customer_message": "More."}, follow=True)

    assert (empty.status_code, too_long.status_code) == (303, 422)
    assert "We wrote: A picture?" in text_of(too_long)
    assert "Saved." in text_of(first)
    assert "Saved." in text_of(repeated)
    assert "This is no longer possible." in text_of(late)
    assert customer.get(url).status_code == 303


def test_too_many_pictures_in_all_answers_are_refused(customer, parcel):
    report = report_problem(parcel, "damaged")
    decide(report, "ask")
    for place in range(1, 13):
        report.pictures.create(place=place, file=f"x{place}", added_at=NOON)

    answer = customer.post(act_of(report, "answer"), {"pictures": as_upload()})

    assert "You can add up to 12 photos in total." in text_of(answer)


def test_an_answer_that_loses_a_race_is_late(customer, parcel, monkeypatch):
    report = report_problem(parcel, "damaged")
    decide(report, "ask")
    store = reports.add_answer

    def decide_first(**known):
        decide(report, "reject")
        store(**known)

    monkeypatch.setattr(reports, "add_answer", decide_first)
    late = customer.post(act_of(report, "answer"), {"customer_message": "Here."}, follow=True)

    assert "This is no longer possible." in text_of(late)


@pytest.mark.parametrize(
    ("act", "sentences"),
    [
        ("refund", ["Refunded.", "We refund €84.88.", "We wrote: Sorry!"]),
        ("replace", ["Replaced.", "New order"]),
        ("reject", ["We cannot refund or replace it.", "We wrote: Sorry!"]),
    ],
)
def test_the_answer_is_shown_on_the_order_page(customer, parcel, act, sentences):
    report = report_problem(parcel)
    decide(report, act)

    page = text_of(customer.get(page_of(order_of(parcel))))

    for sentence in sentences:
        assert sentence in page


def test_a_report_without_a_reply_says_so(customer, parcel):
    report = report_problem(parcel, "damaged")
    decide(report, "reject", text="")

    page = text_of(customer.get(page_of(order_of(parcel))))

    assert "You did not answer our question." in page


def test_other_links_and_reports_are_unknown(customer, parcel):
    report = report_problem(parcel, "damaged")
    order = order_of(parcel)

    assert customer.get(form_of(parcel, "gold")).status_code == 404
    assert customer.get(page_of(order, f"problems/{parcel.pk + 1}/damaged/")).status_code == 404
    assert (
        customer.get(page_of(order, "problems/").replace(order.access_key, "x")).status_code == 404
    )
    assert customer.post(page_of(order, f"reports/{report.pk + 1}/withdraw/")).status_code == 404


def test_the_open_order_page_notices_a_report(customer, parcel):
    url = page_of(order_of(parcel))
    etag = customer.get(url)["ETag"]

    report = report_problem(parcel, "damaged")
    reported = customer.get(url, headers={"If-None-Match": etag})
    decide(report, "ask")
    asked = customer.get(url, headers={"If-None-Match": reported["ETag"]})

    assert (reported.status_code, asked.status_code) == (200, 200)


def test_an_order_without_parcels_says_when_a_problem_can_be_reported(customer, light):
    order = make_paid_order(light)

    assert "You can do this when a parcel is on its way." in text_of(customer.get(page_of(order)))
    assert "No parcel of this order is packed yet." in text_of(
        customer.get(page_of(order, "problems/"))
    )


@in_each_language
def test_each_page_is_valid(customer, parcel, language):
    order = order_of(parcel)
    pages = [customer.get(form_of(parcel, kind, language)) for kind in ("damaged", "never_arrived")]
    pages.append(customer.post(form_of(parcel, "damaged", language), {}))
    pages.append(customer.get(page_of(order, "problems/", language)))
    report = report_problem(parcel)
    decide(report, "ask")
    pages.append(customer.get(page_of(order, "", language)))
    pages.append(customer.get(page_of(order, "problems/", language)))

    for page in map(Page, pages):
        assert (page.faults, page.unlabeled()) == ([], [])
