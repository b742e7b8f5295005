"""Staging tables: database session settings of a run are always reset."""

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from suppliers.runs.staging import LARGE_QUERY_SETTINGS, rows, with_large_work_mem

pytestmark = pytest.mark.django_db(transaction=True)


def settings():
    return {name: rows(f"SHOW {name}") for name in LARGE_QUERY_SETTINGS}


def _die():
    connection.connection.close()
    raise OperationalError("ours")


def test_settings_are_reset_after_success():
    before = settings()

    with with_large_work_mem():
        assert settings() != before

    assert settings() == before


def test_settings_are_reset_after_an_error():
    before = settings()

    with pytest.raises(ProgrammingError), with_large_work_mem(), transaction.atomic():
        rows("SELECT nothing FROM nowhere")

    assert settings() == before


def test_an_error_in_a_transaction_is_raised_unchanged():
    before = settings()

    with (
        pytest.raises(ProgrammingError, match="nowhere"),
        transaction.atomic(),
        with_large_work_mem(),
    ):
        rows("SELECT nothing FROM nowhere")

    assert settings() == before


def test_the_error_of_a_dead_session_is_raised_unchanged():
    with pytest.raises(OperationalError, match="ours"), with_large_work_mem():
        _die()

    connection.close()
