"""Pages of a run that another worker may take in."""

from __future__ import annotations

from django.db import models

from suppliers.models.runs import FeedRun


class PageBatch(models.Model):
    """Pages that one worker read, and whoever is free takes in.

    Whoever has it in his hands holds a lock of his session, which ends with him: then the reader
    takes it in himself. It is deleted with its end, or with the end of its run.

    Shape:  ``pages`` as ``suppliers.sync.page_batches`` packs them; ``done`` are the counts of the run that
            it added, null until it is in
    """

    run = models.ForeignKey(FeedRun, models.CASCADE, related_name="+")
    pages = models.BinaryField()
    done = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.run_id}:{self.pk}"
