"""`mercury run`: a command with Mercury in each of its Python processes, and one report when it has ended.

`command.py` runs in the process that the user started. It tells the command by its environment: each Python
finds `startup/`, which starts `child.py`. That waits for Django with `import_hooks.py`; then `units.py` and
`requests.py` watch, `tally.py` sums up, and `outbox.py` hands over, to be read by `results.py` and told by `report.py`.
"""
