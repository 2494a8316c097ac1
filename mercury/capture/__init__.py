"""Where events come in: queries with their text, times, parameters and call path.

Everything here runs inside the host's own calls, so the rule of the room is: append
and return. Nothing raises into the host, and nothing keeps what it was shown.
"""
