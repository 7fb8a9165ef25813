"""What runs by itself, and when: one process, `portal worker`, whose jobs call services."""
