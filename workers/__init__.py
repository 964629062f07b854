"""arq workers: a few lines around `pipeline.run`. The ledger in Postgres is the truth."""
