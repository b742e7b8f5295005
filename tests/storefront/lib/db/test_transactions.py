import pytest
from django.db import transaction

from storefront.lib.db.transactions import TransactionRequiredError, requires_transaction


@pytest.mark.django_db
def test_wrapping_transaction_of_a_test_does_not_count():
    part = requires_transaction(lambda: "done")

    with pytest.raises(TransactionRequiredError):
        part()
    with transaction.atomic():
        assert part() == "done"
