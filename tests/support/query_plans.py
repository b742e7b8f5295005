"""Query plans: make the planner see large tables, collect the sequential scans of what runs."""

import re
from contextlib import contextmanager

import psycopg
from django.db import connection, models
from django.db.backends.postgresql.base import ServerBindingCursor

STRIDE = 1_000_000
PLANNED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|CREATE TEMPORARY TABLE \w+ AS)\b")
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?s")
COPY = (
    "INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {copies}) c"
)
# The planner multiplies the pages that a table has by the density of its rows in the statistics.
SCALE = """
UPDATE pg_class SET relpages = greatest(pg_relation_size(oid) / 8192, 1)::int, reltuples = reltuples * %s
WHERE oid = %s::regclass OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass)
"""


def multiply(copies, *, aged, changed):
    """Copy all rows of each model this many times, with keys and unique texts of their own.

    Copy number ``c`` of a row refers to copy ``c`` of the row it refers to, or to one of the fewer
    copies in turn. Copies of ``aged`` models are months old. ``changed`` maps columns to SQL for
    their value in copies, where ``t`` is the original row. Pages are filled to a tenth, so that a
    table has as many pages as one of ten times the rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in copies:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} SET (fillfactor = 10)")
        cursor.execute(
            "SET LOCAL session_replication_role = replica"
        )  # neither triggers nor checks
        for model, many in copies.items():
            values = {
                field.column: _copied(field, copies, is_aged=model in aged)
                for field in _columns(model)
            } | changed.get(model, {})
            cursor.execute(
                COPY.format(
                    table=model._meta.db_table,
                    names=", ".join(values),
                    values=", ".join(values.values()),
                    copies=many,
                )
            )
        cursor.execute("SET LOCAL session_replication_role = origin")


def _columns(model):
    return [field for field in model._meta.concrete_fields if not field.generated]


def _copied(field, copies, *, is_aged):
    column = f"t.{field.column}"
    if field.primary_key:
        return f"{column} - c * {STRIDE}"  # new rows keep the highest keys
    if field.related_model in copies:
        return f"{column} - c % {copies[field.related_model] + 1} * {STRIDE}"
    if is_aged and isinstance(field, models.DateTimeField):
        return f"{column} - make_interval(days => 60 + c % 300)"
    constraints = field.model._meta.constraints
    together = [each.fields for each in constraints if isinstance(each, models.UniqueConstraint)]
    is_unique = field.unique or any(field.name in names for names in together)
    if is_unique and isinstance(field, models.CharField):
        return f"left({column}, {field.max_length - 6}) || '-' || c"
    return column


def pretend(rows, *of):
    """Make the planner see this many rows in the tables, distributed as the real ones."""
    with connection.cursor() as cursor:
        for model in of:
            table = model._meta.db_table
            cursor.execute(f"ANALYZE {table}")
            cursor.execute(f"SELECT count(*) FROM {table}")
            cursor.execute(SCALE, [rows / cursor.fetchone()[0], table, table])


@contextmanager
def sequential_scans(*of):
    """Collect the statements of the block that read a whole table of these models."""
    tables, found = {model._meta.db_table for model in of}, []

    def watch(execute, sql, params, many, context):
        if not PLANNED.match(sql):
            return execute(sql, params, many, context)
        cursor = context["cursor"].cursor
        is_prepared = isinstance(cursor, (psycopg.RawCursor, ServerBindingCursor))
        plan = None if is_prepared else _explain(sql, params)
        result = execute(sql, params, many, context)
        plan = plan or _explain_prepared(
            sql if isinstance(cursor, psycopg.RawCursor) else _numbered(sql)
        )
        found.extend(
            f"{node['Relation Name']}: {node.get('Filter')} in {sql}"
            for node in _scans(plan)
            if node["Relation Name"] in tables
        )
        return result

    connection.ensure_connection()
    connection.connection.prepare_threshold = 0
    with connection.execute_wrapper(watch):
        yield found


def _explain(sql, params=None):
    with connection.connection.cursor() as cursor:
        ((plan,),) = cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params).fetchall()
    (root,) = plan
    return root["Plan"]


def _explain_prepared(sql):
    """Return the plan of a statement that the server planned before it knew the values."""
    known = (
        "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements WHERE statement = %s"
    )
    with connection.connection.cursor() as cursor:
        name, count = cursor.execute(known, [sql]).fetchone()  # prepared once for each set of types
    values = f"({', '.join(['NULL'] * count)})" if count else ""
    return _explain(f"EXECUTE {name}{values}")


def _numbered(sql):
    """Replace ``%s`` and ``%(name)s`` by ``$1``; a name has the same number each time."""
    numbers = {}

    def number(placeholder):
        return f"${numbers.setdefault(placeholder[1] or placeholder.start(), len(numbers) + 1)}"

    return PLACEHOLDER.sub(number, sql).replace("%%", "%")


def _scans(node):
    if node["Node Type"] == "Seq Scan":
        yield node
    for part in node.get("Plans", ()):
        yield from _scans(part)
