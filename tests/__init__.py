"""Everything that holds the promises: `python3 -m tests` sets up what it needs and runs every group."""
