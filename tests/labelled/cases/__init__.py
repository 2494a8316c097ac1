"""The cases, a module for each topic."""
