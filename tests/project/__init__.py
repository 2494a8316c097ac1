"""A small Django project for the tests: models with every kind of relation, and views."""
