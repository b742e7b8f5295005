"""Connector factory: open connectors, store refreshed tokens, limit calls, send e-mails once."""

import time

import pytest
from django.db import connection, transaction

from notifications import dispatch
from notifications.models import Event, Message
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.security.encryption import decrypt
from suppliers.connections.factory import OutboxMailer, open_connector
from suppliers.connections.state import DatabaseStateStore, DatabaseTokenStore
from suppliers.models import Connection
from suppliers.resilience import rate_limit
from suppliers.resilience.rate_limit import SharedRateLimit
from tests.factories.feeds import make_feed_supplier
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once


def test_a_supplier_without_connection_is_an_error(supplier):
    Connection.objects.all().delete()

    with pytest.raises(PermanentError, match="Lumen has no connection"), open_connector(supplier):
        pass


def test_an_unknown_connector_is_an_error(supplier):
    supplier.adapter = "klingon"

    with pytest.raises(PermanentError, match="unknown connector 'klingon'"):
        open_connector(supplier).__enter__()


def test_new_tokens_are_stored_encrypted_with_the_account(supplier):
    tokens = DatabaseTokenStore(supplier.connection.pk)
    assert tokens.load() == {}

    pair = tokens.renew(lambda _present: {"access": "secret-1", "open_id": "42"}, refused={})

    assert pair["access"] == "secret-1"
    row = Connection.objects.get()
    assert row.account_id == "42"
    assert "secret-1" not in row.tokens_encrypted
    assert decrypt(row.tokens_encrypted) == tokens.load() == pair

    tokens.renew(lambda _present: {"access": "secret-2"}, refused=pair)  # without open_id
    assert (tokens.load()["access"], Connection.objects.get().account_id) == ("secret-2", "42")


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_with_a_rejected_token_one_renews_it(world):
    tokens = DatabaseTokenStore(make_feed_supplier().connection.pk)
    tokens.renew(lambda _present: {"access": "old"}, refused={})
    asked, got = [], []

    def renew(present):
        asked.append(present["access"])
        time.sleep(0.1)
        return {"access": "new"}

    def worker():
        got.append(tokens.renew(renew, refused={"access": "old"})["access"])

    all_at_once([worker] * 5, ())

    assert (asked, got) == (["old"], ["new"] * 5)


@pytest.mark.django_db
def test_the_lock_is_released_when_the_renewal_fails(world):
    tokens = DatabaseTokenStore(make_feed_supplier().connection.pk)

    def failing(_present):
        raise TemporaryError("no answer")

    with pytest.raises(TemporaryError):
        tokens.renew(failing, refused={})

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,)


def test_two_workers_share_the_rate_limit(world):
    first, second = (SharedRateLimit(name="pace-two", calls_per_second=20) for _ in range(2))
    started = time.monotonic()

    for _ in range(13):
        first()
        second()

    assert 0.2 < time.monotonic() - started < 4


def test_waiting_too_long_for_the_rate_limit_is_an_error(world, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_WAIT_S", 0)
    pace = SharedRateLimit(name="pace-late", calls_per_second=1)
    pace()

    with pytest.raises(TemporaryError, match="no call allowed"):
        pace()


@pytest.mark.django_db(transaction=True)
def test_concurrent_jobs_keep_the_connector_state_of_each_other(world):
    supplier = make_feed_supplier()
    pk = supplier.connection.pk
    DatabaseStateStore(pk).save({"orders": [1], "files": {"products": {"etag": "old", "at": "a"}}})
    state = {"stock": 2, "files": {"stock": {"etag": "2"}}}
    other = Rival(lambda: DatabaseStateStore(pk).save(state))

    with transaction.atomic():
        DatabaseStateStore(pk).save({"products": 1, "files": {"products": {"etag": "1"}}})
        other.begin()
    other.finish()

    assert DatabaseStateStore(pk).load() == {
        "orders": [1],
        "products": 1,
        "stock": 2,
        "files": {"products": {"etag": "1"}, "stock": {"etag": "2"}},
    }


pytestmark = pytest.mark.django_db


def test_an_email_queued_three_times_is_sent_once():
    post = OutboxMailer(supplier=make_feed_supplier())

    for _ in range(3):
        post.send(key="FL-1-1", to="orders@lumen.example", payload={"locale": "en"})

    event = Event.objects.get()
    for _ in range(2):
        dispatch.fan_out(event=event, now=NOON)
    (message,) = Message.objects.all()
    assert (message.recipient, message.template) == ("orders@lumen.example", "purchase_order")
    assert post.has_sent(key="FL-1-1")
    assert not post.has_sent(key="FL-1-2")


def test_a_noted_key_sends_no_email():
    post = OutboxMailer(supplier=make_feed_supplier())

    post.mark_sending(key="FL-1-1.csv")
    dispatch.fan_out(event=Event.objects.get(), now=NOON)

    assert post.is_marked(key="FL-1-1.csv")
    assert not post.has_sent(key="FL-1-1.csv")
    assert not Message.objects.exists()
