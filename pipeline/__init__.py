"""From records to rows: pure stages, and `run.py`, which reads and writes around them."""
