import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from orders import privacy as order_privacy
from orders.models import Order
from orders.order_notes import customer_notes, order_notes
from storefront.ops import database_roles
from storefront.ops.database_roles import APPEND_ONLY
from tests.factories.full_shop import make_world
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

REFUSED = r"permission denied|must be owner"
# Tables without rows in the full shop.
WITHOUT_ROWS = {
    *("notifications.Consent", "accounts.TwoFactorEvent"),
    *("orders.CanceledShipmentDecision", "suppliers.BrandMerge", "suppliers.MatchDecision"),
    *("lib.AuditEvent", "shipping.ParcelCorrection"),
}


@pytest.fixture
def role():
    """Create the app's role; it ends with the transaction of the test."""
    name = f"app_of_{connection.settings_dict['NAME']}"
    database_roles.grant(role=name, password="a password")
    return name


def become(role):
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")


def is_refused(statement):
    with pytest.raises(ProgrammingError, match=REFUSED):
        run(statement)
    return True


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_shop_works_with_the_rights_of_the_app(role, monkeypatch):
    become(role)

    listings = make_world(monkeypatch)
    make_purchase_orders(*listings, email="eva@example.org")
    theirs = Order.objects.filter(email="eva@example.org")
    theirs.update(status=Order.Status.COMPLETED)
    other = Order.objects.exclude(email="eva@example.org").first()
    note = {"text": "Called.", "request_key": "k", "actor": "ann", "now": NOON}
    order_notes.add(order=other, **note)
    customer_notes.add(email="max@example.org", **note)
    with transaction.atomic():
        _words, numbers = order_privacy.erase_customer(
            addresses=["eva@example.org"], owner_id=0, now=NOON
        )

    assert len(numbers) == 1
    for label in APPEND_ONLY.keys() - WITHOUT_ROWS:
        assert apps.get_model(label).objects.exists(), label


def test_app_may_analyze_tables(role):
    """PostgreSQL only warns of a table that it skips."""
    notices = []
    connection.connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    become(role)

    run("ANALYZE suppliers_stocklevel")

    assert notices == []


def test_app_cannot_change_structure(role):
    become(role)

    for statement in (
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE orders_order ADD COLUMN mine int",
        "ALTER TABLE orders_order DISABLE TRIGGER ALL",
        "DROP TABLE orders_order",
        "TRUNCATE orders_order CASCADE",
        "CREATE INDEX mine ON orders_order (id)",
        "CREATE ROLE mine",
        "DELETE FROM django_migrations",
        "COPY orders_order TO PROGRAM 'cat'",
    ):
        assert is_refused(statement), statement


def test_append_only_tables_accept_inserts_only(role):
    documented = (
        model for model in apps.get_models() if "append-only" in str(model.__doc__).lower()
    )
    assert {model._meta.label for model in documented} == set(APPEND_ONLY)
    become(role)

    for label, history in APPEND_ONLY.items():
        model = apps.get_model(label)
        table = model._meta.db_table
        allowed = {model._meta.get_field(name).column for name in history.update}
        for column in (field.column for field in model._meta.concrete_fields):
            statement = f"UPDATE {table} SET {column} = {column}"
            if column in allowed:
                run(statement)
            else:
                assert is_refused(statement), (label, column)
        statement = f"DELETE FROM {table} WHERE false"
        if history.delete:
            run(statement)
        else:
            assert is_refused(statement), label


def test_repeated_grant_restores_the_rights(role):
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    database_roles.grant(role=role, password="another")

    become(role)
    assert is_refused("TRUNCATE orders_order CASCADE")
    assert is_refused("UPDATE suppliers_stockmovement SET id = id")


def test_owner_cannot_become_the_app_role(monkeypatch, settings):
    owner = settings.DATABASES["default"]["USER"]
    monkeypatch.setenv("APP_DATABASE_URL", f"postgres://{owner}:password@db/fara")

    with pytest.raises(CommandError, match="not the database's owner"):
        call_command("grant_app_role")
