"""What a supplier is to be asked to stop (``orders.cancellation.supplier_answers``), as SQL."""

from __future__ import annotations

_OPEN = "po.cancel_wanted_at IS NOT NULL AND po.status IN ('ready', 'in_progress')"
# By a letter: he has as long as for an order. Otherwise a person asks him now.
_PATIENCE = (
    "CASE po.stop_told_by WHEN 'letter'"
    " THEN make_interval(mins => s.acknowledge_within_min) ELSE interval '0' END"
)
ASKED = (
    f"{_OPEN} AND po.request_status = 'cancellation_requested' AND po.stop_told_by <> ''"
    f" AND po.request_status_since <= %(now)s - {_PATIENCE}"
)
SINCE = f"request_status_since + {_PATIENCE}"
# He has it, and was not even asked: he does not answer, or no worker comes.
UNTOLD = (
    f"{_OPEN} AND po.cancel_wanted_at < %(now)s - interval '1 hour' AND po.request_status"
    " IN ('submitted', 'accepted', 'partially_accepted', 'backordered', 'cancellation_rejected')"
)
