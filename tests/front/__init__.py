"""The look: components, assets and templates, rendered with made-up values."""
