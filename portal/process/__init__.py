"""Who may do what, when: the process as tables, pure and free of frameworks."""
