"""Real Django applications under Mercury, their pages at n and at 2n rows.

Nobody wrote these with a detector in view. What grows is measured; what Mercury says is held against it.
"""
