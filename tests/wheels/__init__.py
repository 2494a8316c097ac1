"""What `make check-wheels` refuses: real wheels of dist/, tampered with."""
