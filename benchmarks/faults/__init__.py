"""What messages depend on, broken on purpose: ``python -m benchmarks.faults``."""
