"""The commands: each calls rules or services, none decides anything itself."""
