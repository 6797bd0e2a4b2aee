"""Benchmarks: each prints JSON with its figures, those of a floor in the same run, and their ratio.

These machines are shared and noisy: milliseconds tell little from one day to the next,
ratios to a floor measured in the same minute tell more.
"""
