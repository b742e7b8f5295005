from __future__ import annotations

import pytest
from django.db import transaction

from storefront.lib.db.transactions import NoTransactionError, needs_transaction


@pytest.mark.django_db
def test_the_transaction_of_a_test_is_not_the_one_that_a_part_needs():
    part = needs_transaction(lambda: "done")

    with pytest.raises(NoTransactionError):
        part()
    with transaction.atomic():
        assert part() == "done"
