"""Database roles: create the application role, grant row privileges but no DDL.

The owner of the database runs ``migrate`` and ``grant_app_role``. All other processes connect as
the application role, which cannot create, alter or drop tables, nor change append-only tables.
"""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedChanges:
    """What the app may do to rows of an append-only table, besides inserting."""

    update: tuple[str, ...] = ()  # columns
    delete: bool = False


# Each model whose docstring says "Append-only" is here; a test compares them.
APPEND_ONLY = {
    "lib.AuditEvent": AllowedChanges(delete=True),  # after its retention
    "lib.StatusChange": AllowedChanges(update=("actor", "reason")),  # erasure blanks them
    # erasure blanks personal data in the payload
    "notifications.Event": AllowedChanges(update=("fanned_out_at", "payload")),
    "notifications.Consent": AllowedChanges(delete=True),  # erasure
    "accounts.TwoFactorEvent": AllowedChanges(update=("actor",), delete=True),  # with its account
    "suppliers.CostChange": AllowedChanges(delete=True),  # with its offer
    "suppliers.BrandMerge": AllowedChanges(update=("undone_at",)),
    "suppliers.MatchDecision": AllowedChanges(update=("undone_at",)),
    "suppliers.StockMovement": AllowedChanges(),
    "suppliers.ScorecardFact": AllowedChanges(),
    "orders.PaymentEvent": AllowedChanges(update=("is_pending",)),  # when it is answered
    # a trigger refuses the deletion until tax law no longer requires the invoice
    "orders.CustomerInvoice": AllowedChanges(update=("file",), delete=True),
    "orders.PurchaseMessage": AllowedChanges(update=("body",)),  # erasure blanks it
    "orders.OrderNote": AllowedChanges(delete=True),  # erasure
    "orders.CustomerNote": AllowedChanges(delete=True),  # erasure
    "orders.CanceledShipmentDecision": AllowedChanges(),
    "orders.DiscrepancyObservation": AllowedChanges(),
    "shipping.ParcelCorrection": AllowedChanges(update=("reason",)),  # erasure blanks it
    "shipping.TrackingEvent": AllowedChanges(),
    "events.PublicEvent": AllowedChanges(delete=True),  # after its retention
}
READ_ONLY = "django_migrations"


def grant(*, role: str, password: str) -> None:
    """Create or update the role with rights on all tables. Idempotent; run after ``migrate``."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        for statement in _statements(role, password):
            cursor.execute(statement)


def _statements(role: str, password: str) -> list[sql.Composed]:
    name = sql.Identifier(role)
    # Hashed here, so that the password is in no log of the server.
    hashed = sql.Literal(_scram(role, password))
    database = sql.Identifier(connection.settings_dict["NAME"])
    templates = [
        *([] if _exists(role) else ["CREATE ROLE {role}"]),
        "ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {hashed}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
        "REVOKE CREATE ON DATABASE {database} FROM PUBLIC, {role}",
        # Feeds are staged in temporary tables.
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        # MAINTAIN: each sync analyzes what it wrote.
        "GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON {READ_ONLY} FROM {{role}}",
    ]
    known = {"role": name, "hashed": hashed, "database": database}
    statements = [sql.SQL(template).format(**known) for template in templates]
    for label, history in APPEND_ONLY.items():
        table = sql.Identifier(apps.get_model(label)._meta.db_table)  # noqa: SLF001
        known = {"table": table, "role": name}
        statements.append(sql.SQL("REVOKE UPDATE ON {table} FROM {role}").format(**known))
        if not history.delete:
            statements.append(sql.SQL("REVOKE DELETE ON {table} FROM {role}").format(**known))
        if history.update:
            known["columns"] = sql.SQL(", ").join(
                sql.Identifier(template) for template in _columns(label)
            )
            statements.append(
                sql.SQL("GRANT UPDATE ({columns}) ON {table} TO {role}").format(**known)
            )
    return statements


def _columns(label: str) -> list[str]:
    fields = apps.get_model(label)._meta  # noqa: SLF001
    return [str(fields.get_field(name).column) for name in APPEND_ONLY[label].update]


def _exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def _scram(role: str, password: str) -> str:
    connection.ensure_connection()
    server = connection.connection.pgconn
    hashed: bytes = server.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return hashed.decode()
