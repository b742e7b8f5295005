"""Settling running: let each rule act on its items, once for each case; undo; switch off after failures."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext

from storefront.dashboard.inbox.actions import USER_ERRORS
from storefront.dashboard.inbox.settling import matching
from storefront.dashboard.inbox.settling.acts import SettlingAct
from storefront.dashboard.inbox.settling.matching import Match
from storefront.dashboard.models import InboxCase, SettlingRule, SettlingRun
from storefront.lib.state_machine import ConcurrentUpdateError

log = logging.getLogger(__name__)
Status = SettlingRun.Status
DAY = timedelta(days=1)
INTERRUPTED_AFTER = timedelta(hours=1)  # far more than a run of all rules takes
MESSAGES = "notifications_message"  # their names have the address of a customer


class CannotUndoError(Exception):
    """The action of this rule cannot be undone."""


def run_all(*, now: datetime) -> int:
    """Let the rules that are on act on the items that they fit; return on how many they acted."""
    _close_interrupted(now=now)
    count = 0
    for rule in SettlingRule.objects.filter(is_on=True).order_by("pk"):
        count += _run(rule, now=now)
    return count


def _close_interrupted(*, now: datetime) -> None:
    """Record runs whose worker ended before the result as failed; the action may be done or not."""
    started = SettlingRun.objects.filter(status=Status.STARTED, at__lt=now - INTERRUPTED_AFTER)
    for run in started.order_by("pk"):
        problem = gettext("The worker ended before the result was recorded. Check the record.")
        _finish(run, problem, now=now)


def _run(rule: SettlingRule, *, now: datetime) -> int:
    act = matching.act_of(rule)
    if act is None:
        return 0
    found = [match for match in matching.find(rule, now=now) if not match.obstacle]
    rows = [match.item.row for match in found]
    cases = InboxCase.objects.filter(cause=rule.cause, row__in=rows, settled_at=None, run=None)
    by_row = {case.row: case for case in cases}
    count = 0
    for match in found:
        case = by_row.get(match.item.row)
        run = _claim(rule, case, match, now=now) if case else None
        if run is None:
            continue
        count += 1
        if not _finish(run, _act(rule, act, match, now=now), now=now):
            break
    return count


@transaction.atomic(durable=True)
def _claim(
    rule: SettlingRule, case: InboxCase, match: Match, *, now: datetime
) -> SettlingRun | None:
    """Record that the rule acts on a case; None if another worker did, or at a limit. Locks the rule."""
    locked = SettlingRule.objects.select_for_update(of=["self"]).filter(pk=rule.pk).first()
    if locked is None or not locked.is_on:
        return None
    amount = match.amount
    if locked.max_daily_amount is not None and (
        amount is None or amount.amount > _left_today(locked, now)
    ):
        return None
    run = SettlingRun(
        rule=locked,
        case=case,
        name="" if match.item.cause.page == MESSAGES else match.item.name[:200],
        amount=amount.amount if amount else None,
        currency=amount.currency if amount else "",
        at=now,
    )
    if SettlingRun.objects.filter(case=case).exists():
        return None
    with suppress(IntegrityError), transaction.atomic():  # another rule was first
        run.save()
        return run
    return None


def _left_today(rule: SettlingRule, now: datetime) -> Decimal:
    """Return what the rule may still lose: the limit minus the last 24 hours, failures included."""
    recent = rule.runs.filter(at__gt=now - DAY)
    used = recent.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return (rule.max_daily_amount or Decimal(0)) - used


def _act(rule: SettlingRule, act: SettlingAct, match: Match, *, now: datetime) -> str:
    """Run the action; return why it failed, or ""."""
    row = act.action.model._default_manager.filter(pk=match.item.row).first()  # noqa: SLF001
    if row is None:
        return gettext("This record no longer exists.")
    try:
        for part in act.parts(match.item):
            act.action.do(row, part, f"rule: {rule.name}", now)
    except USER_ERRORS as refusal:
        return str(refusal) or gettext("This is already resolved. No change was made.")
    except Exception as error:  # a rule must not stop the others
        log.exception("settling rule %s failed", rule.pk)
        return type(error).__name__
    return ""


@transaction.atomic(durable=True)
def _finish(run: SettlingRun, problem: str, *, now: datetime) -> bool:
    """Record the result, once; return whether the rule is still on. Locks the rule."""
    rule = SettlingRule.objects.select_for_update(of=["self"]).get(pk=run.rule_id)
    status = Status.FAILED if problem else Status.DONE
    started = SettlingRun.objects.filter(pk=run.pk, status=Status.STARTED)
    if not started.update(status=status, problem=problem[:500]):
        return rule.is_on
    rule.failures = rule.failures + 1 if problem else 0
    if rule.is_on and rule.failures >= rule.max_failures:
        rule.is_on, rule.stopped_at = False, now
    rule.save(update_fields=["failures", "is_on", "stopped_at"])
    return rule.is_on


def switch_on(*, rule: SettlingRule, actor: str) -> None:
    """Switch a rule on; its failures start at zero."""
    SettlingRule.objects.filter(pk=rule.pk).update(
        is_on=True, failures=0, stopped_at=None, changed_by=actor[:100]
    )


def switch_off(*, rule: SettlingRule, actor: str) -> None:
    """Switch a rule off; one that failures switched off leaves the inbox."""
    SettlingRule.objects.filter(pk=rule.pk).update(
        is_on=False, stopped_at=None, changed_by=actor[:100]
    )


@transaction.atomic(durable=True)
def undo(*, run: SettlingRun, actor: str, now: datetime) -> None:
    """Undo what a rule did to one item, and log it. The rules do not act on that record again.

    Locks:  as the undo of the action
    Raises: CannotUndoError        the action has no undo
            ConcurrentUpdateError  it is undone already, or the record changed since
    """
    act = matching.act_of(run.rule)
    if act is None or act.undo is None:
        raise CannotUndoError(gettext("This action cannot be undone."))
    row = act.action.model._default_manager.filter(pk=run.case.row).first()  # noqa: SLF001
    if row is None or run.status != Status.DONE:
        raise ConcurrentUpdateError(gettext("There is nothing to undo. Reload the page."))
    act.undo(row, actor, now)
    SettlingRun.objects.filter(pk=run.pk, status=Status.DONE).update(
        status=Status.UNDONE, undone_by=actor[:100]
    )
