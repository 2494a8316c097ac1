"""Installs Mercury in every way that its users may, and proves which backend serves and what is said about it.

Each module holds the situations of one kind; `situation.py` says what a situation is, `workshop.py` has what
they are made of, `run.py` tries them all.
"""
