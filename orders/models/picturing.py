"""Pictures of what shoppers complain about."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.returns import ReturnAuthorization

MOST_PICTURES = 12  # of one return: with the complaint, and with the answers


class ReturnPicture(models.Model):
    """A picture that a shopper sent with a complaint, or with an answer of his.

    ``file`` is a name that we made, in the private storage; no URL shows it. What was declared at
    once may be several returns: each has a row of the same file.
    """

    authorization = models.ForeignKey(ReturnAuthorization, models.PROTECT, related_name="pictures")
    place = models.PositiveSmallIntegerField()
    file = models.CharField(max_length=60)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["authorization", "place"], name="return_picture_has_its_place"
            ),
            models.CheckConstraint(
                condition=Q(place__gte=1, place__lte=MOST_PICTURES),
                name="return_pictures_are_not_many",
            ),
        ]
        indexes = [models.Index(fields=["file"], name="return_picture_by_file")]

    def __str__(self) -> str:
        return f"{self.authorization_id}, {self.place}"
