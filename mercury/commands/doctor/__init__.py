"""`mercury doctor`: examines Mercury, its surroundings, and whether it sees what it should in the user's own project.

Each other module examines one thing and gives diagnoses; `command.py` runs them all and prints.
"""
