"""Archive packages: built after archiving, read again on a schedule, produced in drills, recounted (Art. 9)."""
