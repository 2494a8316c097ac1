"""The cases of the third set: relations loaded along with rows. Its labels are proven by leaving the load out."""
