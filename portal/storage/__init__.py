"""Uploaded and generated files: what kinds are let in, and where their bytes are kept."""
