"""Side-by-side timings of labref and its peers: ``python -m benchmarks``."""
