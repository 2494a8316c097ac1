"""Test suites under Mercury: what each test and each view did, judged against budgets and a baseline.

`watch.py` sees one test at a time and hands over a record; `records.py` carries records between processes;
`suite.py` merges them, in any order, into one result; `view_growth.py` compares tests that ran at two sizes. What is
made of it, `verdict.py`, is read by pytest's plugin, Django's runner and the writers of reports.
"""

FORMATS = ("json", "html", "sarif", "junit", "markdown")
"""The forms in which a verdict can be written to files."""
