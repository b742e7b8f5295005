"""Task entry point: import the tasks of every package for Celery."""

from storefront.sales_channels.connections import tasks as connection_tasks
from storefront.sales_channels.drift import tasks as drift_tasks
from storefront.sales_channels.orders import tasks as order_tasks
from storefront.sales_channels.publishing import tasks as publishing_tasks

__all__ = ["connection_tasks", "drift_tasks", "order_tasks", "publishing_tasks"]
