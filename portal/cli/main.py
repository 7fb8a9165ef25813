"""The command `portal`: one group, whose parts are imported only when called, so that each starts fast."""

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portal")
def main() -> None:
    """长三角缺陷消费品专家会诊."""
