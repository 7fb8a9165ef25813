"""Pages of those who run the installation: mail, jobs and institutions (administrator), audit trail (auditor)."""

from portal.blueprints.system.audit import blueprint as audit
from portal.blueprints.system.institutions import blueprint as institutions
from portal.blueprints.system.jobs import blueprint as jobs
from portal.blueprints.system.outbox import blueprint as outbox
from portal.blueprints.system.regulators import blueprint as regulators

BLUEPRINTS = (audit, institutions, jobs, outbox, regulators)
