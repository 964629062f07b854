"""Connectors: one provider, one file."""
