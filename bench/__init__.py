"""Benchmarks: ``./run bench [NAME] [--quick] [--json FILE] [--markdown FILE]``.

Each sets helpdesk beside a floor, the least that any server would have to do, and where it
matters beside the stock way of doing the same with Django and Channels. They take turns within
one run, so that all meet the same noise: on shared machines milliseconds tell little from one
day to the next, ratios within a run tell more. ``docs/performance.md`` says what is measured.
"""
