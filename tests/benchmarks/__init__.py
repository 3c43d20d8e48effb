"""Speed and size, as ratios against a reference in the same run. `python3 -m tests.benchmarks NAME [--json]`."""
