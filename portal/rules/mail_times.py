"""When mail may leave: quiet hours, and the moments at which a digest is due. Full hours in Beijing."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from portal.rules.dates import BEIJING

_DAY = timedelta(days=1)


def is_quiet(hour: int, quiet_from: int, quiet_until: int) -> bool:
    """Whether an hour of the day lies in the quiet ones; from 22 until 7 runs over midnight."""
    if quiet_from <= quiet_until:
        return quiet_from <= hour < quiet_until
    return hour >= quiet_from or hour < quiet_until


def after_quiet_hours(now: datetime, quiet_from: int, quiet_until: int) -> datetime:
    """`now`, or the end of the quiet hours it lies in."""
    local = now.astimezone(BEIJING)
    if not is_quiet(local.hour, quiet_from, quiet_until):
        return now
    end = datetime.combine(local.date(), time(quiet_until), BEIJING)
    return (end if end > local else end + _DAY).astimezone(now.tzinfo)


def last_digest_moment(now: datetime, *, hour: int, weekday: int | None) -> datetime:
    """The latest moment at or before `now` at which a digest was due: daily, or on `weekday` (Monday is 0)."""
    local = now.astimezone(BEIJING)
    moment = datetime.combine(local.date(), time(hour), BEIJING)
    if moment > local:
        moment -= _DAY
    if weekday is not None:
        moment -= _DAY * ((moment.weekday() - weekday) % 7)
    return moment.astimezone(now.tzinfo)
