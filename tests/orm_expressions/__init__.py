"""ORM expressions whose statements must keep their ids over versions of Django and over databases.

`topics/` holds the expressions, `capture.py` runs them under one Django on one database, `expected.py`
compares what came out with `expected.json`, `run.py` does both for every combination.
"""
