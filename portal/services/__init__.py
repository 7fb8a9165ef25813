"""Use cases: one verb, one transaction; load, authorise, decide, record the event, queue mail."""
