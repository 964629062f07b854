"""The `bankfeeds` command: one file for each subcommand; imports lazily, so that it starts fast."""
