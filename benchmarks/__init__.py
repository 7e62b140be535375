"""Side-by-side measurements: `python -m benchmarks`, or `make bench`.

One module a benchmark. Each gives contests: ways of doing one thing, xcs's and others', that are
timed in turns within one process and compared by the median of their ratios.
"""
