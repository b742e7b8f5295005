"""Inbox rule: define a kind of case that needs staff, with its sentence, page and query.

Every query returns ``id, name, since, amount, currency, detail``. The amount is the money at risk,
empty where there is none. ``%(now)s`` is the time of the query.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

NO_AMOUNT = "NULL::numeric AS amount, '' AS currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRule:
    """An inbox rule: one kind of case, with the query that finds its rows.

    ``page`` names the admin page of the rows. With ``filters``, a row stands for several records
    and links to their filtered list; ``{name}`` in ``filters`` is the row's name. ``format_name``
    and ``format_detail`` turn codes into text. Without ``has_stable_since``, ``since`` moves while
    the case is open, so an assignment ends after a day. If a rule ``reads_history``, its query reads
    many rows that need no staff, such as settled orders; pages evaluate it for the cases that the
    last recording found.
    """

    code: str
    sentence: str | Promise
    page: str
    sql: str
    filters: str = ""
    format_name: Callable[[str], str] = str
    format_detail: Callable[[str], str] = str
    has_stable_since: bool = True
    reads_history: bool = False
    hides_supplier: bool = False  # for a user who may not see suppliers

    @property
    def sql_of_cases(self) -> str:
        """Return the query limited to recorded open cases and snoozed rows, evaluated one by one."""
        return f"""
            SELECT found.* FROM (
                SELECT c.row FROM dashboard_inboxcase c
                WHERE c.cause = '{self.code}' AND c.settled_at IS NULL
                UNION
                SELECT z.row FROM dashboard_inboxsnooze z WHERE z.cause = '{self.code}'
            ) known
            CROSS JOIN LATERAL (
                SELECT * FROM ({self.sql}) one WHERE one.id = known.row OFFSET 0) found
        """  # noqa: S608 - made of constants

    @property
    def names_supplier(self) -> bool:
        return "suppliers_supplier" in self.sql or "supplier_code AS name" in self.sql

    @property
    def is_about_suppliers(self) -> bool:
        """Return whether the very name of a row, such as an address, may be a supplier's."""
        return "'supplier:%" in self.sql

    def right(self, verb: str) -> str:
        """Return the permission for a verb, such as "view", on the table of the rows."""
        app, _separator, model = self.page.rpartition("_")
        return f"{app}.{verb}_{model}"


def simple_rule(
    code: str, sentence: str | Promise, page: str, select: str, condition: str, **more: Any
) -> InboxRule:
    """Return a rule whose query is ``SELECT {select} WHERE {condition}``."""
    sql = f"SELECT {select} WHERE {condition}"
    return InboxRule(code=code, sentence=sentence, page=page, sql=sql, **more)


def rule_maker(page: str, template: str, **defaults: str) -> Callable[..., InboxRule]:
    """Return a function that makes rules of one table, from their conditions."""

    def make(
        code: str,
        sentence: str | Promise,
        condition: str,
        *,
        format_detail: Callable[[str], str] = str,
        reads_history: bool = False,
        **parts: str,
    ) -> InboxRule:
        sql = template.format(condition=condition, **{**defaults, **parts})
        return InboxRule(
            code=code,
            sentence=sentence,
            page=page,
            sql=sql,
            format_detail=format_detail,
            reads_history=reads_history,
        )

    return make
