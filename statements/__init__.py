"""Statement files: one format, one file. Bytes in, records out; no database, no network."""
