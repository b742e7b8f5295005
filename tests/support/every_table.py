"""Rows of every table: fill the tables that a shop left empty, so that each staff page has data."""

from datetime import time
from decimal import Decimal
from functools import partial

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction

from storefront.lib.security.encryption import encrypt

# Values of columns by name, where a constraint or a page needs a certain format.
NAMED = {
    **dict.fromkeys(("address", "email", "recipient"), "max@example.org"),
    **dict.fromkeys(("base_url", "url"), "https://example.org/1"),
    "base": "EUR",
    "country": "DE",
    "currency": "EUR",
    "language": "az",
    "locale": "en",
    "quote": "USD",
}
# Keys of accounts, which only their own factories make.
SKIPPED = {"mfa.Authenticator"}
BY_KIND = (
    (ArrayField, []),
    (models.BooleanField, False),
    (models.DecimalField, Decimal(1)),
    (models.FloatField, 1.0),
    (models.IntegerField, 1),
    (models.TimeField, time(7)),
    (models.JSONField, {}),
    (models.BinaryField, b"x"),
)


def _row(label, *, last=True):
    rows = apps.get_model(label)._default_manager.order_by("-pk" if last else "pk")
    return rows.values_list("pk", flat=True)[0]


def _special():
    """Return the values of tables whose constraints relate columns to each other, by table."""
    first, last = partial(_row, last=False), _row
    brands, variants = "catalog.Brand", "catalog.Variant"
    return {
        # Tables of one row, whose key is 1.
        "identity.ShopIdentity": {"pk": 1},
        "identity.LiveDatabase": {"pk": 1},
        "dashboard.AlertRecipient": {"channel_id": None},
        "catalog.Identifier": {"value": "04006381333931", "raw": "4006381333931"},
        "catalog.CompetitorPriceList": {"counts": {"moved": 3, "known": 4, "factor": 10}},
        "catalog.CompetitorSource": {"header": "", "secret_encrypted": ""},
        "catalog.PriceHold": {"breakdown": {"figures": {}}},
        "catalog.ProductGuarantee": {
            "months": 36,
            "territory": {"en": "EU"},
            "claim": {"en": "Write to us"},
            "terms_file": "terms.pdf",
            "evidence_file": "evidence.pdf",
        },
        "suppliers.MatchDecision": {"other_id": None},
        "suppliers.DuplicateCandidate": {"variant_id": first(variants), "other_id": last(variants)},
        "suppliers.BrandMerge": {"brand_id": first(brands), "other_id": last(brands)},
        "orders.Promotion": {"percent": Decimal("0.1")},
        "orders.Coupon": {"code": "SUMMER10"},
        "orders.RoutingRules": {"criteria": ["parcels"]},
        "orders.TaxNumber": {"country": "", "region": "", "valid_until": None},
        "shipping.SilenceCase": {
            "answer": "",
            "answered_at": None,
            "told_at": None,
            "messages": 0,
            "ended_at": None,
        },
    }


def fill_empty_tables(now):
    """Add one row to each empty table; raise LookupError if a table stays empty.

    Triggers do not run and foreign keys are not checked, so that no service changes other rows.
    """
    empty = [
        model
        for model in apps.get_models()
        if model._meta.managed
        and model._meta.label not in SKIPPED
        and not model._default_manager.exists()
    ]
    special = _special()
    while empty:
        left = [model for model in empty if not _add_row(model, now, special)]
        if len(left) == len(empty):
            raise LookupError([model._meta.label for model in left])
        empty = left


def _add_row(model, now, special):
    """Add a row with every column set, or with the required columns only; return whether it was."""
    for is_full in (True, False):
        try:
            values = {
                field.attname: _value(field, now, is_full)
                for field in model._meta.concrete_fields
                if not field.primary_key and not field.generated
            }
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                model._default_manager.bulk_create(
                    [model(**values | special.get(model._meta.label, {}))]
                )
                cursor.execute("SET LOCAL session_replication_role = origin")
        except (LookupError, DatabaseError):
            continue
        return True
    return False


def _value(field, now, is_full):
    if isinstance(field, models.ForeignKey):
        return _reference(field, is_full)
    default = field.get_default() if field.has_default() else None
    if default is not None and default != "":
        return default
    if field.null and not (is_full or field.choices):
        return None
    return _made_up(field, now)


def _made_up(field, now):
    if field.choices:
        return next(value for value, _label in field.flatchoices if value)
    if isinstance(field, models.DateField):
        return now if isinstance(field, models.DateTimeField) else now.date()
    if field.name.endswith("_encrypted"):
        return encrypt({"key": "secret"})
    text = str(NAMED.get(field.name, f"{field.name}-1"))[: field.max_length]
    return next((value for kind, value in BY_KIND if isinstance(field, kind)), text)


def _reference(field, is_full):
    if field.null and not is_full:
        return None
    rows = field.related_model._default_manager.order_by("-pk")
    if field.unique:
        taken = field.model._default_manager.exclude(**{field.name: None})
        rows = rows.exclude(pk__in=taken.values(field.attname))
    row = rows.first()
    if row is None and not field.null:
        raise LookupError(field.related_model._meta.label)
    return row and row.pk
