"""Database backend: check a connection only after a while."""

import pytest
from django.db import connections

from storefront.lib.db.postgresql import base


@pytest.fixture
def session(transactional_db):
    own = connections.create_connection("default")
    own.settings_dict = {**own.settings_dict, "CONN_HEALTH_CHECKS": True}
    own.ensure_connection()
    begin_request(own)
    ask(own)
    yield own
    own.close()


def begin_request(session):
    session.close_if_unusable_or_obsolete()


def ask(session):
    with session.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.parametrize(("unchecked_s", "checks"), [(0.0, 0), (base.CHECK_AFTER_S + 1, 1)])
def test_connection_is_checked_only_after_a_while(session, monkeypatch, unchecked_s, checks):
    usable = []
    monkeypatch.setattr(session, "is_usable", lambda: usable.append(1) or True)
    session._checked_at -= unchecked_s

    begin_request(session)
    ask(session)

    assert len(usable) == checks
