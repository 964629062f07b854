"""The only package that knows Postgres, Redis and Storage."""
