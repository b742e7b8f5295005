"""What a run takes of its database session for a while, it gives back, whatever happens."""

from __future__ import annotations

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from suppliers.runs.staging import ROOMY, roomy, rows

pytestmark = pytest.mark.django_db(transaction=True)


def settings():
    return {name: rows(f"SHOW {name}") for name in ROOMY}


def _die():
    connection.connection.close()
    raise OperationalError("ours")


def test_room_is_given_back_when_all_went_well():
    before = settings()

    with roomy():
        assert settings() != before

    assert settings() == before


def test_room_is_given_back_after_an_error():
    before = settings()

    with pytest.raises(ProgrammingError), roomy(), transaction.atomic():
        rows("SELECT nothing FROM nowhere")

    assert settings() == before


def test_an_error_within_a_transaction_is_told_as_it_was():
    before = settings()

    with pytest.raises(ProgrammingError, match="nowhere"), transaction.atomic(), roomy():
        rows("SELECT nothing FROM nowhere")

    assert settings() == before


def test_the_error_of_a_session_that_died_is_told_as_it_was():
    with pytest.raises(OperationalError, match="ours"), roomy():
        _die()

    connection.close()
