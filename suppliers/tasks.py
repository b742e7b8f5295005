"""Work for suppliers: every package has its own; Celery finds it here."""

from __future__ import annotations

from suppliers import (
    compliance_tasks,
    connection_tasks,
    feed_mapping_tasks,
    inventory_tasks,
    scorecard_tasks,
    sync_tasks,
)

__all__ = [
    "compliance_tasks",
    "connection_tasks",
    "feed_mapping_tasks",
    "inventory_tasks",
    "scorecard_tasks",
    "sync_tasks",
]
