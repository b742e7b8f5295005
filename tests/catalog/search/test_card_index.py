import threading
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pyroaring import BitMap64

from catalog.models import CardChange, ProductCard
from catalog.models.search import CHANGE_RETENTION
from catalog.search import card_index, product_list, query_parser
from catalog.search.cards import select_cards
from catalog.search.filters import ProductFilter
from catalog.search.tasks import prune_card_changes
from tests.factories.catalog import NOON, make_area, make_channel
from tests.factories.product_cards import make_card
from tests.support.concurrency import held_elsewhere


def cards_of(brand):
    with card_index.locked_index(make_channel().pk) as index:
        return set(index.cards_with("brand", brand))


def matching(words):
    with card_index.locked_index(make_channel().pk) as index:
        return set(BitMap64.intersection(*index.search(query_parser.split_terms(words))))


def retitle(card, words):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_productcard SET search = to_tsvector('simple', %s) WHERE id = %s",
            [words, card.pk],
        )


@pytest.mark.django_db
def test_new_changed_and_deleted_cards_are_followed():
    first, second = make_card(brand="Nord"), make_card(brand="Nord")
    assert cards_of("Nord") == {first.pk, second.pk}

    third = make_card(brand="Nord")
    ProductCard.objects.filter(pk=first.pk).update(brand="Fara")
    second_id = second.pk
    second.delete()

    assert cards_of("Nord") == {third.pk}
    assert cards_of("Fara") == {first.pk}
    with card_index.locked_index(make_channel().pk) as index:
        assert second_id not in index.cards
        assert all(second_id not in column.cards for column in index.columns.values())


@contextmanager
def uncommitted(act):
    """Act in a transaction that commits at the end of the block."""
    with transaction.atomic():
        act()
        yield


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_after_a_later_one_is_not_missed():
    early, late = make_card(), make_card()
    assert cards_of("Nord") == set()

    with held_elsewhere(
        uncommitted(lambda: ProductCard.objects.filter(pk=early.pk).update(brand="Nord"))
    ):
        ProductCard.objects.filter(pk=late.pk).update(brand="Nord")
        assert cards_of("Nord") == {late.pk}

    assert cards_of("Nord") == {early.pk, late.pk}


@pytest.mark.django_db
def test_a_kept_search_follows_changes_of_cards(django_assert_num_queries, monkeypatch):
    first, second = make_card(), make_card()
    retitle(first, "alpine lamp")
    retitle(second, "creek lamp")
    assert matching("alpine") == {first.pk}

    retitle(first, "dune lamp")
    retitle(second, "alpine lamp")

    assert matching("alpine") == {second.pk}
    monkeypatch.setattr(card_index, "REFRESH_AFTER_S", 60)
    with django_assert_num_queries(1):  # make_channel reads the channel
        matching("alpine")


@pytest.mark.django_db
def test_a_kept_row_is_read_again_only_if_its_card_changes(django_assert_num_queries):
    first, second = make_card(title="First"), make_card(title="Second")
    with card_index.locked_index(make_channel().pk) as index:
        index.rows([first.pk, second.pk])
        with django_assert_num_queries(0):
            assert [row.title for row in index.rows([second.pk, first.pk])] == ["Second", "First"]

        ProductCard.objects.filter(pk=first.pk).update(title="New")
        index.refresh()

        with django_assert_num_queries(1):
            assert [row.title for row in index.rows([first.pk, second.pk])] == ["New", "Second"]


@pytest.mark.django_db
def test_a_row_whose_card_changes_while_it_is_read_is_not_kept(monkeypatch):
    card = make_card(title="Old")
    with card_index.locked_index(make_channel().pk) as index:

        def read_late(ids):
            rows = select_cards(ids)
            ProductCard.objects.update(title="New")
            index.refresh()
            return rows

        with monkeypatch.context() as slow:
            slow.setattr(card_index, "select_cards", read_late)
            assert [row.title for row in index.rows([card.pk])] == ["Old"]

        assert [row.title for row in index.rows([card.pk])] == ["New"]


@pytest.mark.django_db
def test_a_process_that_missed_pruned_changes_loads_all_cards(monkeypatch):
    card = make_card(brand="Nord")
    assert cards_of("Nord") == {card.pk}
    ProductCard.objects.update(brand="Fara")
    CardChange.objects.update(at=timezone.now() - 2 * CHANGE_RETENTION)
    assert prune_card_changes() == 2

    monkeypatch.setattr(card_index, "RELOAD_AFTER_S", -1)

    assert cards_of("Nord") == set()


@pytest.mark.django_db
def test_a_new_delivery_area_of_one_origin_is_known():
    make_card(sent_from=[f"CN:{make_area().pk}"])
    cards_of("Fara")
    new = make_area("DE")

    card = make_card(sent_from=[f"DE:{new.pk}"])

    with card_index.locked_index(make_channel().pk) as index:
        assert new.pk in index.areas_of("DE")
        assert set(index.cards_with("sent_from", f"DE:{new.pk}")) == {card.pk}


@pytest.mark.django_db(transaction=True)
def test_changes_since_an_old_open_transaction_are_read_once(monkeypatch):
    card = make_card()
    cards_of("Fara")
    replaced = []

    with held_elsewhere(uncommitted(lambda: make_channel(code="other"))):
        ProductCard.objects.filter(pk=card.pk).update(brand="Nord")
        assert cards_of("Nord") == {card.pk}
        monkeypatch.setattr(
            card_index.CardIndex, "_replace", lambda _, changed: replaced.append(changed)
        )
        assert cards_of("Nord") == {card.pk}

    assert replaced == []


@pytest.mark.django_db
def test_a_load_that_fails_is_repeated_from_the_start(monkeypatch):
    card, other = make_card(brand="Nord"), make_card()
    monkeypatch.setattr(card_index, "LOAD_BATCH_SIZE", 1)
    read = card_index.CardIndex._read

    def failing(index, test, *values):
        if values[0] == card.pk:
            raise OperationalError("the connection is lost")
        return read(index, test, *values)

    with monkeypatch.context() as broken:
        broken.setattr(card_index.CardIndex, "_read", failing)
        with pytest.raises(OperationalError):
            cards_of("Nord")
    ProductCard.objects.filter(pk=card.pk).update(brand="Fara")

    assert cards_of("Nord") == set()
    assert cards_of("Fara") == {card.pk, other.pk}


@pytest.mark.django_db
def test_a_search_that_takes_long_blocks_no_other_list(monkeypatch):
    make_card()
    is_free = []

    def lock_elsewhere(lock):
        if lock.acquire(timeout=1):
            lock.release()
            is_free.append(True)

    def slow(index, terms, *_):
        thread = threading.Thread(target=lock_elsewhere, args=[index.lock])
        thread.start()
        thread.join()
        return {term: BitMap64() for term in terms}

    monkeypatch.setattr(card_index.CardIndex, "_search", slow)

    product_list.load_page(
        channel=make_channel(), country="DE", query=ProductFilter(search_text="lamp"), now=NOON
    )

    assert is_free == [True]
