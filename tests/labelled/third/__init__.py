"""The cases of the third set: relations loaded along, whose labels are proven by leaving the load out; and GraphQL."""
