"""Plaid: banks of North America and Europe behind one API."""
