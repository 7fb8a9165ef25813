"""Who may do what: the permission table against every route, and what an attacker would try."""
