"""Real receivers of what mercury.export tells; each module is a program."""
