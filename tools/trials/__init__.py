"""One wheel, installed by pip and tried on real interpreters and machines."""
