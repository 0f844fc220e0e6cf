"""Benchmarks: `make bench`, and how long a purge takes (`python -m bench.purge`)."""
