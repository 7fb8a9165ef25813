"""How fast the portal's pages are beside bare ones that do the same work: `python -m benchmarks`.

A benchmark, never a timed test. What has no noise (statements, bytes) is asserted in tests/benchmarks.
"""
