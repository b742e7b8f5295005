import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from catalog.models import FieldChange, Listing, Product, ProductCard, Requirement, Spec
from catalog.products.staff.history import change_texts
from catalog.readiness import lifecycle
from catalog.search import index
from storefront.lib.db.change_source import set_change_source
from storefront.lib.state_machine import InvalidTransitionError, StatusChange
from tests.factories.catalog import NOON, make_channel, make_image, make_listing, make_product

pytestmark = pytest.mark.django_db
STATUSES = Product.Status.values


@pytest.fixture
def product():
    product = make_listing().variant.product
    make_image(product, stem="a1")
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    return product


def move(product, to, actor="erika"):
    with transaction.atomic():
        lifecycle.move_product(product=product, to=to, actor=actor, now=NOON)
    product.refresh_from_db()


def test_a_product_is_hidden_until_it_is_published_again_with_its_price(product):
    move(product, "archived")
    hidden = (Listing.objects.get().is_published, ProductCard.objects.count())
    for to in ("draft", "in_review", "ready"):
        move(product, to)
    unpublished = Listing.objects.get().is_published
    move(product, "live")

    assert (hidden, unpublished) == ((False, 0), False)
    assert (Listing.objects.get().is_published, ProductCard.objects.count()) == (True, 1)


@pytest.mark.parametrize(
    ("submitter", "editor", "source"),
    [("erika", "", "own approval"), ("mia", "erika", "own approval"), ("mia", "mia", "staff")],
)
def test_the_history_marks_an_approval_by_the_author(product, submitter, editor, source):
    for to, actor in (("archived", "erika"), ("draft", "erika"), ("in_review", submitter)):
        move(product, to, actor)
    if editor:
        with transaction.atomic():
            set_change_source("staff", actor=editor)
            Product.objects.update(title="Another title")

    move(product, "ready")
    move(product, "live")

    changes = FieldChange.objects.filter(field="status", new__in=("ready", "live")).order_by("pk")
    assert [*changes.values_list("source", "actor")] == [(source, "erika"), ("staff", "erika")]


def test_the_history_names_an_approval_by_the_author():
    text = change_texts.describe_change_source(lifecycle.OWN_APPROVAL)

    assert text == "Approved by the person who edited it"


def test_a_product_that_lacks_what_its_sale_needs_is_not_approved(product):
    Product.objects.update(status="in_review")
    Spec.objects.update(power_sources=[])
    product.refresh_from_db()

    with pytest.raises(InvalidTransitionError, match=r"Power source\."):
        move(product, "ready")

    assert Product.objects.get().status == "in_review"


def test_a_value_that_is_only_recommended_does_not_stop_the_approval_without_a_price(product):
    Listing.objects.update(price_amount=None, is_published=False)
    Spec.objects.update(battery_format="")
    Requirement.objects.create(subject="battery_format", is_required=False)
    Product.objects.update(status="in_review")
    product.refresh_from_db()

    move(product, "ready")

    assert product.status == "ready"


def test_each_transition_is_recorded(product):
    move(product, "draft")

    change = StatusChange.objects.get(subject="catalog.Product", subject_id=product.pk)
    assert (change.from_status, change.to_status, change.actor) == ("live", "draft", "erika")


@pytest.mark.parametrize(
    ("status", "to"),
    [(one, to) for one in STATUSES for to in STATUSES if to not in lifecycle.TRANSITIONS[one]],
)
def test_a_step_that_is_not_allowed_changes_nothing(status, to):
    product = make_product(status=status)

    with pytest.raises(InvalidTransitionError):
        move(product, to)

    product.refresh_from_db()
    assert (product.status, StatusChange.objects.count()) == (status, 0)


def test_the_database_refuses_an_unknown_status():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_product(status="active")


def test_staff_move_a_product_and_a_selection(staff):
    first, second, gone = (make_product(status=one) for one in ("draft", "draft", "archived"))
    page = reverse("admin:catalog_product_submit", args=[first.pk])

    asked = staff.get(page)
    first.refresh_from_db()
    is_unchanged = first.status == "draft"
    staff.post(page, follow=True)
    chosen = {"action": "submit_selected", "_selected_action": [second.pk, gone.pk]}
    response = staff.post(reverse("admin:catalog_product_changelist"), chosen, follow=True)

    assert (asked.status_code, is_unchanged) == (200, True)
    assert list(Product.objects.order_by("pk").values_list("status", flat=True)) == [
        "in_review",
        "in_review",
        "archived",
    ]
    texts = [str(message) for message in response.context["messages"]]
    assert texts == [
        "1 product left as it is: its status or missing values do not allow this.",
        "1 done.",
    ]


def test_a_page_offers_only_the_next_steps(staff):
    make_channel()
    product = make_product(status="in_review")

    html = staff.get(reverse("admin:catalog_product_change", args=[product.pk])).content.decode()

    assert "Approve" in html
    assert "Submit for review" not in html
