"""What is told of a suite's verdict: to people at a terminal and on pages, and to programs. One form a file.

Each is a function from a `SuiteVerdict` to text, gives the same text for equal verdicts, and takes any text and
number that a project may put into one. `writing.py` puts a text into a file.
"""
