"""Database settings: set timeouts, keepalives and plan options of each session."""

from typing import Any

OPTIONS: dict[str, Any] = {
    "options": "-c statement_timeout=30000 -c lock_timeout=10000"
    " -c idle_in_transaction_session_timeout=60000"
    # Prepared queries (``lib.db.prepared_queries``) look up by keys: one plan serves all values.
    # The server would plan each call again, which takes ten times as long as the answer.
    " -c plan_cache_mode=force_generic_plan"
    # The estimated cost of the inbox query is high, and its answer is short: the server would compile
    # the plan for seconds.
    " -c jit=off",
    "connect_timeout": 5,
    # A host that vanished sends nothing: a kept session would wait minutes for its answer.
    "tcp_user_timeout": 10_000,  # ms
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
