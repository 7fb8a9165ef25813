"""The law as data, and pure functions over it. Standard library only.

Every legal value and condition stands in an edition (TOML, with its article); the functions here read it.
"""
