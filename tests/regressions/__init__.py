"""Pull requests against the bookshop: planted regressions that must be caught, and harmless changes that must not be.

`python -m tests.regressions.run` tries them; `case.py` tells what a case is written as.
"""
