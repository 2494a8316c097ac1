"""`mercury compare`: is a revision slower than another, told from interleaved runs of one command."""
