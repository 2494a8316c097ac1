"""The cases of the second set, a module for each topic, written from practice and not from any detector."""
