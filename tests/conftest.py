"""What all tests share: the servers of the run and a database of its own for each test."""

pytest_plugins = [
    "tests.fixtures.all_logs",
    "tests.fixtures.database",
    "tests.fixtures.place",
    "tests.fixtures.world_fixture",
    "tests.fixtures.no_skip",
    "tests.fixtures.oauth_bank_fixture",
    "tests.fixtures.quiltt_fixture",
    "tests.fixtures.quiltt_syncing_fixture",
]
