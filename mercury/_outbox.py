"""The file in which one of several processes leaves its results: records, one JSON object a line."""

import os


class Outbox:
    """The file of this process: each record is appended at once, so that a killed process loses none.

    It is opened for each record: a host that closes or renumbers descriptors never meets ours.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.renew()

    def renew(self) -> None:
        """A forked child's own file."""
        self.path = os.path.join(self._folder, f"{os.getpid()}.jsonl")
        self.byte_count = 0

    def append(self, text: str) -> None:
        self._write(self.path, os.O_APPEND, text)

    def replace(self, text: str) -> None:
        """The whole file anew, or the old one if that fails."""
        self._write(self.path + ".new", os.O_TRUNC, text)
        os.replace(self.path + ".new", self.path)
        self.byte_count = len(text)

    def _write(self, path: str, flag: int, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
        try:
            self.byte_count += os.write(descriptor, text.encode("ascii"))
        finally:
            os.close(descriptor)
