"""Task entry point: import the tasks of every package for Celery."""

from suppliers.catalog_files import tasks as catalog_file_tasks
from suppliers.compliance import tasks as compliance_tasks
from suppliers.connections import tasks as connection_tasks
from suppliers.feed_mapping import tasks as feed_mapping_tasks
from suppliers.inventory import tasks as inventory_tasks
from suppliers.matches import tasks as match_tasks
from suppliers.onboarding import tasks as onboarding_tasks
from suppliers.scorecards import tasks as scorecard_tasks
from suppliers.sync import tasks as sync_tasks

__all__ = [
    "catalog_file_tasks",
    "compliance_tasks",
    "connection_tasks",
    "feed_mapping_tasks",
    "inventory_tasks",
    "match_tasks",
    "onboarding_tasks",
    "scorecard_tasks",
    "sync_tasks",
]
