"""Categories: what a transaction was for, with source, confidence and reason; pure."""
