"""The labelled suite: database code as real applications write it, each case with the verdict it deserves.

docs/detection.md says how the labels are decided and what each tool makes of the first set. The second set was written
without a look at the detector; docs/detection-second-set.md holds its figures.
"""
