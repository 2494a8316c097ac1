"""Which findings of a unit are ignored, by which rule, and which rules were there for nothing."""

import datetime
import dis
from types import CodeType
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

from mercury.capture.code import is_library
from mercury.capture.elements import TemplateElement
from mercury.core.records import Group, unsigned
from mercury.findings import Finding, places
from mercury.suppression.comment import Broken, Comments, comments_of
from mercury.suppression.rule import Rule
from mercury.trace import Evidence, Ignored


class Suppressed(NamedTuple):
    """A finding that a rule ignores."""

    finding: Finding
    rule: Rule


class Sifted(NamedTuple):
    """`stale` tells of ignores at findings that ignored nothing, `idle` where rules stand that found nothing to do."""

    findings: List[Finding]
    suppressed: Tuple[Suppressed, ...]
    stale: Tuple[str, ...]
    idle: Tuple[str, ...]


class Sieve:
    """What may ignore findings of one unit: the settings' rules, blocks around it and in it, comments."""

    def __init__(
        self, evidence: Evidence, entries: Sequence[Rule], ignored: Ignored, today: Callable[[], datetime.date]
    ) -> None:
        self._evidence = evidence
        self._entries = entries
        self._ignored = ignored
        self._today = today
        self._stale: Dict[str, None] = {}
        self._used: Set[str] = set()
        self._comments: Dict[str, Comments] = {}

    def sift(self, findings: Sequence[Finding], with_idle: bool) -> Sifted:
        """Sorts the findings; `with_idle` also looks for rules that were there and ignored nothing."""
        kept, suppressed = [], []
        for finding in findings:
            rule = self._rule_for(finding)
            if rule is None:
                kept.append(finding)
            else:
                self._used.add(rule.where)
                suppressed.append(Suppressed(finding, rule))
        idle = tuple(dict.fromkeys(self._idle())) if with_idle else ()
        return Sifted(kept, tuple(suppressed), tuple(self._stale), idle)

    def _rule_for(self, finding: Finding) -> Optional[Rule]:
        for rule in self._rules_at(finding):
            if isinstance(rule, Broken):
                self._stale[str(rule)] = None
            elif rule.covers(finding):
                if not rule.is_expired(self._today()):
                    return rule
                self._stale[f"the ignore at {rule.where} expired: {rule}"] = None
        return None

    def _rules_at(self, finding: Finding) -> Iterator[Union[Rule, Broken]]:
        for file, line in {(finding.file, finding.line): 1, (finding.loop_file, finding.loop_line): 1}:
            comment = self._comments_of(file).get(line) if line else None
            if comment is not None:
                yield comment
        yield from self._ignored.around
        if self._ignored.inside:
            yield from self._blocks_of(finding)
        yield from self._entries

    def _comments_of(self, file: str) -> Comments:
        """The file is asked for once in a unit: to look whether it has changed takes longer than the rest here."""
        known = self._comments.get(file)
        if known is None:
            known = self._comments[file] = comments_of(file)
        return known

    def _blocks_of(self, finding: Finding) -> Iterator[Rule]:
        """The rules whose blocks held every query of the finding."""
        groups = [group for group in self._evidence.groups if self._is_of(group, finding)]
        for rule in dict.fromkeys(key[0] for key in self._ignored.inside):
            if groups and all(self._count_inside(rule, group) >= self._count(group) for group in groups):
                yield rule

    def _is_of(self, group: Group, finding: Finding) -> bool:
        if unsigned(group.fingerprint) != finding.fingerprint:
            return False
        place = places.trigger(self._evidence.paths[group.path])
        return (place.file, place.line) == (finding.file, finding.line) or str(place) in finding.places

    def _count_inside(self, rule: Rule, group: Group) -> int:
        return self._ignored.inside.get((rule, group.fingerprint, group.path), 0)

    def _count(self, group: Group) -> int:
        same = (group.fingerprint, group.path)
        return sum(each.count for each in self._evidence.groups if (each.fingerprint, each.path) == same)

    def _idle(self) -> Iterator[str]:
        rules = [*self._ignored.around, *(key[0] for key in self._ignored.inside), *self._comments_of_what_ran()]
        return (rule.where for rule in rules if rule.where not in self._used)

    def _comments_of_what_ran(self) -> Iterator[Rule]:
        table = self._evidence.table
        entries = [] if table is None else list(table.entries.values())
        codes = {id(entry.code): entry.code for entry in entries}
        for code in codes.values():
            comments = {} if is_library(code.co_filename) else self._comments_of(code.co_filename)
            yield from _rules(comments, code.co_firstlineno, _last_line(code) if comments else 0)
        elements = {entry.element for entry in entries if entry.element is not None}
        for file in {element.file for element in elements if isinstance(element, TemplateElement)}:
            yield from _rules(self._comments_of(file), 0, None)


def _rules(comments: Comments, first: int, last: Optional[int]) -> Iterator[Rule]:
    for line, comment in comments.items():
        if isinstance(comment, Rule) and first <= line and (last is None or line <= last):
            yield comment


def _last_line(code: CodeType) -> int:
    return max((line or 0 for _, line in dis.findlinestarts(code)), default=0)
