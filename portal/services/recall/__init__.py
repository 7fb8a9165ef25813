"""The recall case, step by step: each act of its table is the function of that name (portal.process.recall_case)."""
