"""What all processes of a command have left, merged, and what none of them saw."""

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

from mercury._version import __version__
from mercury.commands.run.record_kinds import ENDED, FAULT, STARTED, WATCHING
from mercury.commands.run.tally import Found, Key, Tally, TallyReader, total
from mercury.commands.run.wording import counted, units
from mercury.findings import Finding


class Results:
    """What the files in a folder hold."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.processes = 0
        self.watching = 0
        self.unfinished = 0
        self.unreadable = 0
        self.strangers = 0
        self.faults: Dict[str, int] = {}
        self.backends: Dict[Tuple[str, str], int] = {}
        self.missing: Dict[Tuple[str, str], int] = {}

    @classmethod
    def read(cls, folder: Path) -> "Results":
        results = cls()
        for path in sorted(folder.glob("*.missing")):
            reason, _, executable = path.read_text(errors="replace").partition("\n")
            results.missing[reason, executable] = results.missing.get((reason, executable), 0) + 1
        for path in sorted(folder.glob("*.jsonl")):
            results._read_process(path)
        return results

    def _read_process(self, path: Path) -> None:
        reader = TallyReader()
        seen = dict.fromkeys((STARTED, WATCHING, ENDED), 0)
        with path.open("rb") as records:
            for line in records:
                try:
                    record = json.loads(line)
                    for kind in seen:
                        seen[kind] += kind in record
                    self._read_record(record, reader)
                except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                    self.unreadable += 1
        # A process that forks and executes, or executes Python anew, starts more than once.
        self.processes += 1
        self.watching += seen[WATCHING] > 0
        self.unfinished += seen[WATCHING] > 0 and not seen[ENDED]
        self.tally.merge(reader.tally)

    def _read_record(self, record: Dict[str, Any], reader: TallyReader) -> None:
        if STARTED in record:
            self.strangers += record[STARTED] != __version__
        elif WATCHING in record:
            backend = (record[WATCHING], record["reason"])
            self.backends[backend] = self.backends.get(backend, 0) + 1
        elif FAULT in record:
            self.faults[record[FAULT]] = self.faults.get(record[FAULT], 0) + 1
        else:
            reader.read(record)

    def not_measured(self) -> List[str]:
        """What was not seen, and why; each a sentence without its full stop."""
        notes = []
        for (reason, executable), count in self.missing.items():
            notes.append(f"{counted(count, 'process', 'processes')} of {executable}: {reason}")
        if not self.processes and not self.missing:
            notes.append("the command started no Python that reads PYTHONPATH (-I, -E and -S keep it from that)")
        elif self.processes and not self.watching:
            notes.append("no Python process of the command loaded Django's database layer")
        if self.unfinished:
            what = (
                "process was killed or still runs: what its"
                if self.unfinished == 1
                else "processes were killed or still run: what their"
            )
            notes.append(f"{self.unfinished:,} {what} open unit of work had seen is lost")
        if self.strangers:
            notes.append(
                f"{counted(self.strangers, 'process', 'processes')} had another version of Mercury than {__version__}"
            )
        if self.unreadable:
            notes.append(f"{counted(self.unreadable, 'record', 'records')} could not be read")
        for name, count in self.faults.items():
            notes.append(f"{counted(count, 'fault', 'faults')} inside Mercury ({name}); the command was not affected")
        if self.tally.dropped_findings:
            notes.append(f"{counted(self.tally.dropped_findings, 'finding', 'findings')} beyond the bound")
        return notes + self.said("not_measured")

    def said(self, kind: str) -> List[str]:
        """Sentences of one kind in the units' reports, each with the units that say it."""
        return [
            f"{sentence} (in {units(name, times)})"
            for name, unit in self.tally.units.items()
            for sentence, times in unit.sentences.get(kind, {}).items()
        ]

    def idle_ignores(self) -> List[str]:
        """Where ignores stand that were there in some unit, and ignored nothing in any."""
        return sorted(where for where, used in self.tally.ignores.items() if not used)

    def findings(self) -> List[Tuple[Finding, Dict[str, Found]]]:
        """Each cause with the units in which it was found, the most expensive first."""
        places: Dict[Key, Dict[str, Found]] = {}
        for name, unit in self.tally.units.items():
            for key, found in unit.found.items():
                places.setdefault(key, {})[name] = found
        told = [(finding, places.get(key, {})) for key, finding in self.tally.findings.items()]
        return sorted(told, key=lambda each: (each[0].is_advisory, -total(each[1]).duration_ns))
