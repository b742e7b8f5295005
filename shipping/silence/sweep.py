"""Silence sweep: open a case for each parcel that is silent for too long, end those that are not.

One statement opens, and one ends the cases of a kind. Both read parcels on their way only, by the
index ``parcel_underway_by_status``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db import connection

from shipping.models import SilenceChoice, SilenceKind
from shipping.silence.promises import PROMISED_BY
from shipping.silence.rules import PARAMS, ROUTE, SOURCE, applying
from storefront.lib.db.transactions import requires_transaction

MAX_PER_RUN = 500

# A corrected tracking number starts the wait for updates again.
_CORRECTED_AT = """(SELECT max(d.corrected_at) FROM shipping_parcelcorrection d
    WHERE d.parcel_id = x.id AND d.kind <> 'contents')"""
_LAST_UPDATE = f"greatest(coalesce(x.carrier_status_at, x.status_since), {_CORRECTED_AT})"
_LABELED_AT = f"greatest(x.label_created_at, {_CORRECTED_AT})"
# The end of the promised day, in UTC.
_PROMISE_PASSED = f"(1 + {PROMISED_BY})::timestamp AT TIME ZONE 'UTC'"
_LAST_TEXT = """(SELECT e.description FROM shipping_trackingevent e
    WHERE e.parcel_id = x.id AND e.number IN ('', x.number, x.last_mile_number)
    ORDER BY e.happened_at DESC NULLS LAST, e.id DESC LIMIT 1)"""
_IN_CUSTOMS = (
    f"coalesce({_LAST_TEXT} ~* 'customs|clearance'"
    f" AND {_LAST_TEXT} !~* 'complete|releas|cleared|finish|passed', false)"
)


@dataclass(frozen=True, slots=True)
class _Silence:
    """What makes a parcel ``x`` silent: its statuses, a condition, and since when."""

    carrier_statuses: str
    condition: str
    since: str = _LAST_UPDATE


_MOVING = "'unknown', 'pre_transit', 'in_transit', 'attempt_failed', 'exception'"
_SILENCES: Mapping[SilenceKind, _Silence] = MappingProxyType(
    {
        SilenceKind.NO_SCAN: _Silence(
            f"{_MOVING}, 'out_for_delivery', 'expired'", "x.status = 'label_created'", _LABELED_AT
        ),
        SilenceKind.NO_EVENT: _Silence(
            f"{_MOVING}, 'out_for_delivery'", f"x.status = 'shipped' AND NOT {_IN_CUSTOMS}"
        ),
        SilenceKind.LATE: _Silence(_MOVING, "true", _PROMISE_PASSED),
        SilenceKind.CUSTOMS: _Silence(
            "'in_transit', 'exception'", f"x.status = 'shipped' AND {_IN_CUSTOMS}"
        ),
        SilenceKind.PICKUP: _Silence("'available_for_pickup'", "x.status = 'shipped'"),
        SilenceKind.RETURNING: _Silence("'return_to_sender'", "true"),
        SilenceKind.EXPIRED: _Silence("'expired'", "x.status = 'shipped'"),
    }
)
# A parcel that goes back is not waited for, and nothing can be sent twice from a pickup point.
CHOICES: Mapping[SilenceKind, tuple[SilenceChoice, ...]] = MappingProxyType(
    {kind: tuple(SilenceChoice) for kind in SilenceKind}
    | {
        SilenceKind.PICKUP: (),
        SilenceKind.RETURNING: (SilenceChoice.REFUND, SilenceChoice.REPLACEMENT),
    }
)


def _silent(silence: _Silence) -> str:
    """Return the WHERE of parcels that are silent, without the start of the silence."""
    return (
        "x.status IN ('label_created', 'shipped')"
        f" AND x.carrier_status IN ({silence.carrier_statuses}) AND {silence.condition}"
    )


def _days(column: str) -> str:
    return f"c.since + make_interval(days => r.{column})"


def _opening(silence: _Silence) -> str:
    return f"""
        INSERT INTO shipping_silencecase (
            parcel_id, kind, since, opened_at, tell_at, offer_at, staff_at, repeat_after_days,
            keeps_until, choices
        )
        SELECT c.id, %(kind)s, c.since, %(now)s, {_days("customer_after_days")},
               {_days("offer_after_days")}, {_days("staff_after_days")}, r.repeat_after_days,
               (({_days("kept_days")}) AT TIME ZONE 'UTC')::date,
               ARRAY(SELECT choice FROM unnest(%(choices)s::text[]) choice
                     WHERE r.offer_after_days IS NOT NULL AND (choice <> 'refund' OR r.can_refund)
                       AND (choice <> 'replacement' OR r.can_replace))
        FROM (
            SELECT x.id, {silence.since} AS since, {ROUTE} FROM {SOURCE}
            WHERE {_silent(silence)} AND o.status = 'processing'
              AND NOT EXISTS (SELECT 1 FROM shipping_silencecase k
                              WHERE k.parcel_id = x.id AND k.kind = %(kind)s AND k.ended_at IS NULL)
        ) c CROSS JOIN LATERAL ({applying("%(kind)s")}) r
        WHERE {_days("customer_after_days")} <= %(now)s
        ORDER BY c.since LIMIT {MAX_PER_RUN}
        ON CONFLICT DO NOTHING
    """  # noqa: S608 - made of constants


def _ending(silence: _Silence) -> str:
    return f"""
        UPDATE shipping_silencecase k SET ended_at = %(now)s
        WHERE k.kind = %(kind)s AND k.ended_at IS NULL
          AND (%(parcel)s::bigint IS NULL OR k.parcel_id = %(parcel)s)
          AND NOT EXISTS (
              SELECT 1 FROM {SOURCE}
              WHERE x.id = k.parcel_id AND {_silent(silence)} AND {silence.since} <= k.since
          )
    """  # noqa: S608 - made of constants


_OPEN = {kind: _opening(silence) for kind, silence in _SILENCES.items()}
_END = {kind: _ending(silence) for kind, silence in _SILENCES.items()}


def open_cases(*, now: datetime) -> int:
    """Open the cases that are due, at most ``MAX_PER_RUN`` of a kind; return how many.

    Concurrent sweeps open one case each: constraint ``silence_case_open_once``.
    """
    opened = 0
    with connection.cursor() as cursor:
        for kind, statement in _OPEN.items():
            known = {"kind": kind.value, "choices": [*CHOICES[kind]], "now": now, **PARAMS}
            cursor.execute(statement, known)
            opened += cursor.rowcount
    return opened


def end_cases(*, now: datetime) -> int:
    """End the cases whose parcel arrived, ended or has news; return how many."""
    return _end(None, now)


@requires_transaction
def end_cases_of(parcel_id: int, *, now: datetime) -> None:
    """End the cases of a parcel that no longer apply. The caller holds its order."""
    _end(parcel_id, now)


def _end(parcel_id: int | None, now: datetime) -> int:
    ended = 0
    with connection.cursor() as cursor:
        for kind, statement in _END.items():
            cursor.execute(statement, {"kind": kind.value, "parcel": parcel_id, "now": now})
            ended += cursor.rowcount
    return ended
