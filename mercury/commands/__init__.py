"""The commands of the command line, each in a module or package of its own; mercury/cli.py names them all."""
