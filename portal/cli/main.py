"""The command `portal`. What a command needs is imported inside it, so that each starts fast."""

from __future__ import annotations

from typing import Any

import click

from portal.cli.account import account_commands
from portal.cli.archive import archive_commands
from portal.cli.audit import audit_commands
from portal.cli.calendar import calendar_commands
from portal.cli.database import database_commands
from portal.cli.demo import demo_commands
from portal.cli.installation import init_command
from portal.cli.keys import keys_commands
from portal.cli.reminders import reminders_commands
from portal.cli.rules import rules_commands
from portal.cli.run import run_command
from portal.cli.vote import vote_commands
from portal.cli.worker import worker_command
from portal.config import SettingsError


class PortalGroup(click.Group):
    """A group whose commands end with a message, not a traceback, when a setting cannot be used."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a SettingsError becomes a message on standard error and exit status 1."""
        try:
            return super().invoke(context)
        except SettingsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=PortalGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portal")
def main() -> None:
    """长三角缺陷消费品专家会诊平台。设置见 PORTAL_* 环境变量。"""


for command in (
    *(run_command, init_command, account_commands, demo_commands, database_commands),
    *(audit_commands, keys_commands, rules_commands, calendar_commands, archive_commands, vote_commands),
    *(reminders_commands, worker_command),
):
    main.add_command(command)

if __name__ == "__main__":
    main()
