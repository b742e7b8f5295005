"""Prepared queries: return the same rows as their querysets, also with new values."""

from contextlib import nullcontext, suppress
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.expressions import RawSQL
from django.test.utils import CaptureQueriesContext

from catalog.models import Listing, Product, Variant
from storefront.lib.db.prepared_queries import (
    CannotPrepareError,
    PreparedQuery,
    raw_cursor,
)
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def listings():
    channel = make_channel()
    found = [make_listing(make_variant(make_product()), channel=channel) for _ in range(3)]
    for days, listing in enumerate(found):
        Listing.objects.filter(pk=listing.pk).update(as_of=NOON - timedelta(days=days))
    return found


def run_both(question):
    """Return a function that compiles with ``first``; it returns both results for ``second``."""

    def both(first, second):
        prepared = PreparedQuery(question)
        prepared(**first)
        return prepared(**second), list(question(**second))

    return both


def test_rows_have_selected_and_annotated_values(listings):
    def question(*, listing_id):
        rows = Listing.objects.filter(pk=listing_id).select_related("variant__product", "channel")
        return rows.annotate(twice=F("available") * 2, word=Value("a"))

    first, second, _ = listings
    got, expected = run_both(question)({"listing_id": first.pk}, {"listing_id": second.pk})

    assert got == expected == [second]
    with CaptureQueriesContext(connection) as queries:
        (row,) = got
        known = (row.variant.product.title, row.channel.code, row.ships_from, row.price_amount)
    assert len(queries) == 0
    fresh = Listing.objects.get(pk=second.pk)
    assert known == (
        fresh.variant.product.title, fresh.channel.code, fresh.ships_from, fresh.price_amount,
    )  # fmt: skip
    assert (row.twice, row.word) == (2 * fresh.available, "a")


def test_lists_of_any_length(listings):
    got = PreparedQuery(lambda *, ids: Listing.objects.filter(pk__in=ids).order_by("-pk"))
    got(ids=[listings[0].pk, listings[1].pk])

    for count in (0, 1, 3):
        ids = [listing.pk for listing in listings[:count]]
        assert [row.pk for row in got(ids=ids)] == sorted(ids, reverse=True)


def test_shifted_moments_in_several_places(listings):
    def question(*, now, channel_id):
        near = Q(as_of__gte=now - timedelta(days=1)) | Q(as_of__lte=now - timedelta(days=20))
        return Listing.objects.filter(near, channel=channel_id, as_of__lt=now).order_by("pk")

    channel = listings[0].channel_id
    later = {"now": NOON + timedelta(minutes=1), "channel_id": channel}
    got, expected = run_both(question)({"now": NOON, "channel_id": channel}, later)

    assert got == expected == listings[:1]
    even_later = {"now": NOON + timedelta(days=19), "channel_id": channel}
    got, expected = run_both(question)(later, even_later)
    assert got == expected == listings[1:]


def test_texts_and_limits(listings):
    got = PreparedQuery(lambda *, sku: Variant.objects.filter(sku=sku)[:1])
    skus = [listing.variant.sku for listing in listings]

    assert [got.first(sku=sku).sku for sku in skus] == skus
    assert got.first(sku="nothing") is None
    assert got.first(sku="100 %s ' \\ sure") is None
    with pytest.raises(CannotPrepareError):
        got(sku=None)


def test_query_is_compiled_once(listings):
    times = []

    def question(*, listing_id):
        times.append(listing_id)
        return Listing.objects.filter(pk=listing_id)

    got = PreparedQuery(question)
    assert [got(listing_id=each.pk) for each in listings] == [[each] for each in listings]
    assert len(times) == 1


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (lambda *, value: Listing.objects.filter(variant__sku=str(value)), 5),
        (lambda *, value: Listing.objects.filter(available=value), True),
        (lambda *, value: Listing.objects.filter(available__gt=abs(value)), 5),
        (lambda *, value: Listing.objects.filter(price_amount=value), None),
    ],
)
def test_unsupported_values_are_refused(question, value):
    with pytest.raises(CannotPrepareError):
        PreparedQuery(question)(value=value)


def test_joined_row_may_be_missing():
    def question(*, slug):
        return Product.objects.filter(slug=slug).select_related("spec", "category")

    bare, with_spec = make_product(), make_product()
    make_spec(with_spec)
    got = PreparedQuery(question)

    for product in (bare, with_spec):
        (row,), (expected,) = got(slug=product.slug), question(slug=product.slug)
        with CaptureQueriesContext(connection) as queries:
            assert row.category.name_in("en") == expected.category.name_in("en")
            assert getattr(row, "spec", None) == getattr(expected, "spec", None)
        assert len(queries) == 0
        assert (row._state.adding, row._state.db) == (False, "default")


def test_deferred_columns_are_loaded_on_access_and_a_row_can_be_saved(listings):
    got = PreparedQuery(
        lambda *, listing_id: Listing.objects.filter(pk=listing_id).only("available")
    )

    (row,) = got(listing_id=listings[0].pk)

    assert row.get_deferred_fields() >= {"price_amount", "ships_from"}
    assert row.price_amount == listings[0].price_amount
    row.available = 4
    row.save(update_fields=["available"])
    assert Listing.objects.get(pk=row.pk).available == 4


def test_percent_sign_in_a_statement_is_literal(listings):
    percent = RawSQL("'100 %% sure'", [], output_field=CharField())
    got = PreparedQuery(lambda *, sku: Variant.objects.filter(sku=sku).annotate(sure=percent))

    assert got(sku=listings[0].variant.sku)[0].sure == "100 % sure"


@pytest.mark.django_db(transaction=True)
def test_dead_session_is_replaced():
    listing = make_listing(make_variant(make_product()), channel=make_channel())
    got = PreparedQuery(lambda *, listing_id: Listing.objects.filter(pk=listing_id))
    got(listing_id=listing.pk)
    killer = connections.create_connection("default")
    with connection.cursor() as cursor, killer.cursor() as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s, 5000)", cursor.fetchone())
    killer.close()
    connection.close_if_unusable_or_obsolete()  # as at the start of a request

    assert got(listing_id=listing.pk) == [listing]


def is_prepared(statement):
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return (statement,) in cursor.fetchall()


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def execute_often(statement, times=5):
    for _ in range(times):
        with raw_cursor(connection) as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("opened", ["transaction", "savepoint"])
def test_plans_survive_a_rollback(opened, transactional_db):
    """Otherwise the next request would plan everything again."""
    statement = f"SELECT 1 AS {opened}"
    execute_often(statement)
    assert is_prepared(statement)

    with transaction.atomic() if opened == "savepoint" else nullcontext():
        with suppress(ZeroDivisionError), transaction.atomic():
            execute_often(statement, times=1)
            raise ZeroDivisionError
        execute_often(statement, times=1)

    assert is_prepared(statement)


def test_plans_survive_a_temporary_table(transactional_db):
    statement = "SELECT 1 AS beside_an_import"
    execute_often(statement)

    run("CREATE TEMPORARY TABLE feed_of_a_test (first int)", "DROP TABLE feed_of_a_test")

    assert is_prepared(statement)


def test_plans_end_when_their_table_changes(transactional_db):
    """The server would refuse a plan of the old table."""
    statement = "SELECT * FROM planned_for"
    run("CREATE TEMPORARY TABLE planned_for (first int)")
    execute_often(statement)
    run("ALTER TABLE planned_for ADD COLUMN second text")

    execute_often(statement)

    run("DROP TABLE planned_for")
