"""The eight steps of a consultation, a module each."""
