"""Prepared queries: compile a queryset once per process, run it with new values, build its rows.

Django compiles the SQL at each call, which for a query over several tables takes many times as long
as the database's answer. For each answer it also works out how rows become models, and sets each
attribute separately. Here both are worked out once.

For the queries of the product page, the lists, the cart and the checkout; all others are plain
Django. A queryset may join, annotate and defer; it may not prefetch, and returns model instances.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import psycopg.sql
from django.db import connections, models
from django.db.backends.postgresql.base import CursorMixin, ServerBindingCursor
from django.db.models import Model
from django.db.models.base import ModelState

from storefront.lib.db import internals


class CannotPrepareError(TypeError):
    """A value is transformed before it reaches the SQL, or only Django can build the rows."""


def _row_builder(info: Mapping[str, Any], select: Sequence[Any], using: str) -> Callable[..., Any]:
    """Return a function that builds an instance of one model and its joined relations."""
    model, indexes = info["model"], info["select_fields"]
    if (
        info.get("from_parent")
        or list(indexes) != list(range(indexes[0], indexes[-1] + 1))
        or model.__init__ is not Model.__init__
        or model.from_db.__func__ is not Model.from_db.__func__  # type: ignore[attr-defined]
    ):
        raise CannotPrepareError(f"{model} builds its instances in a custom way")
    names = [select[index][0].target.attname for index in indexes]
    first, last = indexes[0], indexes[-1] + 1
    key = first + names.index(model._meta.pk.attname)  # noqa: SLF001
    others = [
        (_row_builder(other, select, using), other["local_setter"], other["remote_setter"])
        for other in info.get("related_klass_infos", [])
    ]

    def build(row: Sequence[Any]) -> Any:
        if row[key] is None:
            return None
        instance = model.__new__(model)
        state = ModelState()
        state.adding, state.db = False, using
        instance.__dict__["_state"] = state
        instance.__dict__.update(zip(names, row[first:last], strict=True))
        for build_other, set_here, set_there in others:
            other = build_other(row)
            set_here(instance, other)
            if other is not None:
                set_there(other, instance)
        return instance

    return build


# Prepared queries

PREPARE_AFTER = 3  # executions on one connection before the server prepares a statement
_MARK = "%s"
_SAMPLE_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_SAMPLE_DATE = date(1902, 1, 1)
_MAX_SHIFT = timedelta(days=1_000)  # a query adds less than this to a moment
_SAMPLE_ID = -7_000_001


@contextmanager
def planned_cursor(connection: Any) -> Iterator[Any]:
    """Open a cursor whose frequent statements the server plans once per connection.

    Values are sent separately from the statement, so that its plan can be reused: to plan a query
    over several tables takes many times as long as to answer it.
    """
    _open(connection)
    with connection.wrap_database_errors:
        cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    with _counted(connection, cursor) as wrapped:
        yield wrapped


class _RawCursor(CursorMixin, psycopg.RawCursor[Any]):
    """Cursor for statements with ``$1`` placeholders, which psycopg need not parse each time."""


@contextmanager
def raw_cursor(connection: Any) -> Iterator[Any]:
    """Open a cursor as ``planned_cursor`` does, for statements of ``number_placeholders``."""
    _open(connection)
    with connection.wrap_database_errors:
        cursor = _RawCursor(connection.connection)
    with _counted(connection, cursor) as wrapped:
        yield wrapped


@contextmanager
def _counted(connection: Any, cursor: Any) -> Iterator[Any]:
    wrapped = internals.logged(connection, cursor)
    with wrapped, internals.discard_stale_plans(connection.connection):
        yield wrapped


def _open(connection: Any) -> None:
    """Open the session as Django does for its own cursors; replace a dead one."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    internals.keep_plans(connection.connection, prepare_after=PREPARE_AFTER)


def number_placeholders(sql: str, constants: Mapping[int, str] | None = None) -> str:
    """Replace ``%s`` placeholders by numbered ones (``$1``).

    ``constants`` maps the index of a placeholder to a constant, written into the statement: a
    generic plan can use a partial index only if it sees the constant.
    """
    constants = constants or {}
    first, *parts = (part.replace("%%", "%") for part in sql.split(_MARK))
    numbers = count(1)
    filled = (
        (constants[index] if index in constants else f"${next(numbers)}") + part
        for index, part in enumerate(parts)
    )
    return "".join([first, *filled])


class PreparedQuery[M: models.Model]:
    """A query that is compiled once; a call with values returns what the queryset would.

    ``build`` makes the queryset from named values: numbers, texts, dates, moments (which it may
    shift by some days), and lists of numbers or texts. The SQL must not depend on the values. None
    is not allowed: it needs another query.

    Raises: CannotPrepareError: at the first call, if a value is transformed before it reaches the SQL.
    """

    def __init__(self, build: Callable[..., models.QuerySet[M]]) -> None:
        self._build = build
        self._known: _Statement | None = None

    def __call__(self, **values: Any) -> list[M]:
        if self._known is None:
            self._known = _Statement(self._build, values)
        return self._known.rows(values)

    def first(self, **values: Any) -> M | None:
        """Return the first row; for queries of at most one row."""
        return next(iter(self(**values)), None)


class _Statement:
    """A compiled statement with placeholders, and how its rows become instances."""

    def __init__(self, build: Callable[..., models.QuerySet[Any]], values: dict[str, Any]) -> None:
        samples = {
            name: _sample(value, index) for index, (name, value) in enumerate(values.items())
        }
        queryset = build(**samples)
        self._using = queryset.db
        compiler: Any = queryset.query.get_compiler(using=self._using)
        sql, self._params = compiler.as_sql()
        self._placeholders = [_placeholder(param, samples) for param in self._params]
        found = {placeholder[0] for placeholder in self._placeholders if placeholder}
        if missing := samples.keys() - found:
            raise CannotPrepareError(
                f"{', '.join(sorted(missing))} cannot be distinguished in {sql}"
            )
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        self._converters = compiler.get_converters(columns)
        lists = {name for name, value in values.items() if isinstance(value, list)}
        marked = _with_lists(
            sql,
            [bool(placeholder and placeholder[0] in lists) for placeholder in self._placeholders],
        )
        self._sql = number_placeholders(marked, self._literals())
        self._make = _row_builder(compiler.klass_info, compiler.select, self._using)
        self._annotated: Mapping[str, int] = compiler.annotation_col_map or {}

    def _literals(self) -> dict[int, str]:
        """Return the parameters that are the same each time, as SQL literals."""
        connection: Any = connections[self._using]
        _open(connection)
        return {
            index: psycopg.sql.Literal(param).as_string(connection.connection)
            for index, (placeholder, param) in enumerate(
                zip(self._placeholders, self._params, strict=True)
            )
            if placeholder is None
        }

    def rows(self, values: dict[str, Any]) -> list[Any]:
        connection = connections[self._using]
        with raw_cursor(connection) as cursor:
            cursor.execute(self._sql, tuple(self._parameters(values)))
            rows = cursor.fetchall()
        instances = []
        for row in self._converted(rows, connection):
            instance = self._make(row)
            for name, index in self._annotated.items():
                setattr(instance, name, row[index])
            instances.append(instance)
        return instances

    def _converted(self, rows: list[Any], connection: Any) -> Iterator[Sequence[Any]]:
        if not self._converters:
            yield from rows
            return
        for row in rows:
            values = list(row)
            for index, (converters, expression) in self._converters.items():
                for convert in converters:
                    values[index] = convert(values[index], expression, connection)
            yield values

    def _parameters(self, values: dict[str, Any]) -> Iterator[Any]:
        for name, later in filter(None, self._placeholders):
            if (value := values[name]) is None:
                raise CannotPrepareError(f"{name} is None")
            yield value if later is None else value + later


def _sample(value: Any, number: int) -> Any:
    """Return a value of the same type that appears nowhere else in the statement."""
    if isinstance(value, list):
        return [_sample(value[0] if value else 0, number)]
    if isinstance(value, bool):
        raise CannotPrepareError("a boolean would change the query")
    if isinstance(value, int):
        return _SAMPLE_ID - number
    if isinstance(value, str):
        return f"sample {number}"
    if isinstance(value, datetime):
        return _SAMPLE_MOMENT - 3 * number * _MAX_SHIFT
    if isinstance(value, date):
        return _SAMPLE_DATE + timedelta(days=number)
    raise CannotPrepareError(f"{type(value).__name__} cannot be a parameter")


def _placeholder(param: Any, samples: dict[str, Any]) -> tuple[str, timedelta | None] | None:
    """Return the name of the value at this placeholder, and its offset in time."""
    for name, sample in samples.items():
        if isinstance(sample, datetime):
            if isinstance(param, datetime) and abs(param - sample) < _MAX_SHIFT:
                return name, param - sample
        elif param == (sample[0] if isinstance(sample, list) else sample) and not isinstance(
            param, bool
        ):
            return name, None
    return None


def _with_lists(sql: str, is_list: Sequence[bool]) -> str:
    """Replace ``IN (value)`` by ``= ANY(list)`` for values that are lists."""
    parts = sql.split(_MARK)
    if len(parts) != len(is_list) + 1:
        raise CannotPrepareError(f"placeholders and values do not match in {sql}")
    for index, is_one in enumerate(is_list):
        if not is_one:
            continue
        before, after = parts[index], parts[index + 1]
        if not before.endswith(" IN (") or not after.startswith(")"):
            raise CannotPrepareError(f"a list is where it cannot be a parameter in {sql}")
        parts[index] = before.removesuffix(" IN (") + " = ANY("
    return _MARK.join(parts)
