import pytest

from orders.promotions.customers import normalize_email


@pytest.mark.parametrize(
    ("email", "customer"),
    [
        ("Erika@Example.org", "erika@example.org"),
        ("erika+1@example.org", "erika@example.org"),
        ("erika+a+b@example.org", "erika@example.org"),
        ("e.rika@example.org", "e.rika@example.org"),  # another mailbox
        ("E.Rika+x@googlemail.com", "erika@gmail.com"),
        ("+1@example.org", "+1@example.org"),
        ("no address", "no address"),
    ],
)
def test_addresses_of_one_mailbox_are_one_customer(email, customer):
    assert normalize_email(email) == customer
