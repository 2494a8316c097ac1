"""What need not be told, why not, and until when: ignores that stay honest.

A rule stands in a comment, around a block, or in the settings. It always has kinds and a
reason; what is broken or has expired ignores nothing and is told instead.
"""

from mercury.suppression.rule import BrokenIgnore, Rule
from mercury.suppression.sift import Sieve, Sifted, Suppressed

__all__ = ["BrokenIgnore", "Rule", "Sieve", "Sifted", "Suppressed"]
