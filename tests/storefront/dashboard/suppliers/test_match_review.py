"""The match review page: both sides with their differences, the decision, its undo."""

import re

import pytest
from django.urls import reverse

from catalog.models import Identifier, Image
from suppliers.models import MatchDecision, StockLevel, SupplierOffer, SyncIssue, SyncRun
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_brand, make_channel, make_product, make_spec, make_variant
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON, make_offer, make_supplier

pytestmark = pytest.mark.django_db

STATED = {
    "title": "Fara H1 Pro headlamp",
    "brand": "FARA",
    "options": ["Black"],
    "gtin": "",
    "mpn": "H1",
    "model": "",
    "picture": "https://pictures.example/h1.jpg",
    "numbers": {"output_lm": "900"},
    "confidence": "0.70",
    "contradictions": ["name", "output_lm"],
}


@pytest.fixture(autouse=True)
def channel(db):
    return make_channel()  # error pages are those of the shop


@pytest.fixture
def variant():
    product = make_product(brand=make_brand(name="Fara"))
    make_spec(product)
    variant = make_variant(product)
    Identifier.objects.create(variant=variant, scheme="mpn", value="fara:h1", raw="H1")
    Image.objects.create(product=product, source_url="http://p.example/1.jpg", stem="abc")
    return variant


@pytest.fixture
def offer(variant):
    supplier = make_supplier()
    offer = make_offer(variant, supplier=supplier, sku="S-1")
    SupplierOffer.objects.filter(pk=offer.pk).update(
        variant=None, disputed_variant=variant, status="on_hold"
    )
    run = SyncRun.objects.create(
        supplier=supplier, kind="products", started_at=NOON, status_since=NOON, lease_until=NOON
    )
    SyncIssue.objects.create(
        supplier=supplier, first_run=run, last_run=run, row="S-1", code="match-doubtful",
        severity="error", message="May be ours.", raw=STATED,
    )  # fmt: skip
    return offer


@pytest.fixture
def conflict(variant):
    make_offer(variant, sku="S-0")
    other = make_variant()
    return Identifier.objects.create(
        variant=other, scheme="mpn", value="fara:h1", raw="H1", state="conflict"
    )


def shown(staff, **asked):
    return staff.get(reverse("supply:matches"), asked).content.decode()


def decide(staff, **submitted):
    for seen in re.findall(r'name="seen" value="(\d+)"', shown(staff)):
        submitted = {"seen": seen, **submitted}
    answer = staff.post(reverse("supply:decide_match"), submitted, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_offer_is_shown_beside_the_variant_with_the_differences_marked(staff, offer, variant):
    page = shown(staff)

    assert "1 question" in page
    assert variant.sku in page
    assert "<mark>Pro</mark>" in page
    assert "<mark>900</mark>" in page
    assert "<mark>headlamp</mark>" not in page
    assert "Differences: Name, Output, lm" in page
    assert "pictures/abc-240.webp" in page
    assert 'href="https://pictures.example/h1.jpg"' in page
    assert 'data-key="s"' in page


def test_a_script_of_the_supplier_is_no_link(staff, offer):
    SyncIssue.objects.update(raw=STATED | {"picture": "javascript:alert(1)", "title": "<b>H1</b>"})

    page = shown(staff)

    assert "javascript:" not in page
    assert "<b>H1</b>" not in page


def test_a_decision_shows_the_next_question_and_can_be_undone(staff, offer, variant):
    page = decide(staff, what="offer", row=offer.pk, step="same")

    offer.refresh_from_db()
    assert offer.variant == variant
    assert "No match needs a decision." in page
    decision = MatchDecision.objects.get()
    assert decision.actor == "staff@fara.example"

    page = decide(staff, step="undo", decision=decision.pk)
    assert "Undone. The question is asked again." in page
    offer.refresh_from_db()
    assert offer.variant is None
    assert "undone already" in decide(staff, step="undo", decision=decision.pk)


def test_skipped_questions_are_asked_again_from_the_start(staff, offer):
    page = decide(staff, what="offer", row=offer.pk, step="skip")

    assert "All other questions were skipped." in page
    assert not MatchDecision.objects.exists()
    assert "1 question" in shown(staff, skip="many")


@pytest.mark.parametrize(
    ("step", "answer"), [("same", "same"), ("ours", "different"), ("theirs", "different")]
)
def test_a_conflict_is_decided_between_two_variants(staff, conflict, variant, step, answer):
    page = shown(staff)
    assert "Both variants claim the Part number (MPN) H1." in page
    assert conflict.variant.sku in page

    page = decide(staff, what="conflict", row=conflict.pk, step=step)

    assert MatchDecision.objects.get().answer == answer
    assert "No match needs a decision." in page
    assert conflict.variant.full_title in page


def test_the_number_of_statements_does_not_depend_on_the_decisions(
    staff, offer, variant, django_assert_max_num_queries
):
    for number in range(5):
        decided = make_offer(variant, supplier=make_supplier(code=f"s{number}"))
        MatchDecision.objects.create(
            variant=variant, offer=decided, kind="link", answer="same", actor="ann", at=NOON
        )
    shown(staff)

    with django_assert_max_num_queries(12):
        assert "<mark>Pro</mark>" in shown(staff)


def test_variants_are_not_merged_while_an_order_waits_for_the_second(staff, variant):
    order = make_order(make_sellable())
    line = order.lines.get()
    conflict = Identifier.objects.create(
        variant=line.variant, scheme="mpn", value="fara:h1", raw="H1", state="conflict"
    )
    type(order).objects.filter(pk=order.pk).update(status="processing")
    StockLevel.objects.update(reserved=0)

    page = decide(staff, what="conflict", row=conflict.pk, step="same")

    assert f"Order {order.number} contains {line.variant.sku}." in page
    assert not MatchDecision.objects.exists()


def test_a_match_with_a_large_id_is_decided(staff, offer, variant):
    SupplierOffer.objects.filter(pk=offer.pk).update(id=1_234_567)

    decide(staff, what="offer", row=1_234_567, step="same")

    decision = MatchDecision.objects.get()
    assert decision.offer.variant == variant
    MatchDecision.objects.filter(pk=decision.pk).update(id=7_654_321)
    assert "Undone." in decide(staff, step="undo", decision=7_654_321)


@pytest.mark.parametrize("what", ["offer", "conflict"])
def test_a_question_that_changed_meanwhile_is_not_decided(staff, request, what):
    row = request.getfixturevalue(what)

    page = decide(staff, what=what, row=row.pk, step="same", seen=make_variant().pk)

    assert "The question has changed meanwhile." in page
    assert not MatchDecision.objects.exists()


@pytest.mark.parametrize("row", ["", "x", "9" * 40, "-1"])
def test_an_invalid_row_is_not_found(staff, row):
    url = reverse("supply:decide_match")

    for what in ({"what": "offer", "row": row}, {"row": row}):
        assert staff.post(url, {"step": "same", **what}).status_code == 404
    assert staff.post(url, {"step": "undo", "decision": row}).status_code == 404


def test_an_unknown_step_is_not_found(staff, conflict):
    url = reverse("supply:decide_match")

    assert staff.post(url, {"row": conflict.pk, "step": "guess"}).status_code == 404
    assert not MatchDecision.objects.exists()


def test_only_staff_who_may_change_offers_decide(client, offer):
    client.force_login(make_staff("clerk", "view_supplieroffer"))

    page = shown(client)

    assert "<mark>Pro</mark>" in page
    assert "data-key=" not in page
    assert client.post(reverse("supply:decide_match"), {"step": "same"}).status_code == 403
    client.force_login(make_staff("stranger"))
    assert client.get(reverse("supply:matches")).status_code == 403
