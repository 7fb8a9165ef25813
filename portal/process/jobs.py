"""The jobs that the worker runs by itself: what each is called, and every how often it is due.

What each does is in portal/jobs/schedule.py; here is what pages need to know of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

POLLS_BELOW = timedelta(minutes=1)
"""A job that is due more often than this polls: it looks whether there is something to do, and mostly there is not."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job. `interval` is the time from one due moment to the next."""

    name: str
    title: str
    interval: timedelta

    @property
    def is_poller(self) -> bool:
        """Whether it looks so often that nothing may be written for a look that found nothing."""
        return self.interval < POLLS_BELOW


def _every(name: str, title: str, **interval: int) -> JobLine:
    return JobLine(name, title, timedelta(**interval))


_LINES = (
    _every("settle_recovery_requests", "处理找回密码的申请", seconds=5),
    _every("deliver_outbox", "投递邮件", seconds=5),
    _every("tell_channels", "通知群机器人", seconds=5),
    _every("send_digests", "发出通知汇总", minutes=1),
    _every("read_bounces", "读取退信邮箱", minutes=5),
    _every("read_expert_imports", "读取导入的专家名单", seconds=2),
    _every("archive_overdue", "到期自动归档", minutes=10),
    _every("archive_packages", "编成归档包", minutes=1),
    _every("archive_checks", "检查归档包完整性", hours=1),
    _every("custody_drills", "开展保管演练", seconds=30),
    _every("material_previews", "生成材料预览", seconds=5),
    _every("storage_removals", "清理不再需要的文件", minutes=1),
    _every("open_by_clock", "列出到时应办的事项", hours=1),
    _every("remind_of_deadlines", "到期提醒", minutes=1),
    _every("thin_job_runs", "清理后台任务的旧记录", hours=24),
)
JOBS = {line.name: line for line in _LINES}


def retry_after(line: JobLine, failures: int) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time, five minutes at most."""
    doubled: timedelta = min(line.interval, POLLS_BELOW) * 2 ** min(failures, 16)
    return min(doubled, timedelta(minutes=5))
