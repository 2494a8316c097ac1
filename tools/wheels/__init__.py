"""Every platform's wheel from one Linux machine: what they are, how they are built, what each must prove."""
