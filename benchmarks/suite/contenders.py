"""How each tool is asked to watch a suite: what its documentation says of tests, at its shipped defaults."""

import re
from typing import Dict, NamedTuple, Optional, Pattern, Tuple

BARE = "bare"


class Contender(NamedTuple):
    """Arguments and environment that pytest gets besides, and what to count in its output."""

    arguments: Tuple[str, ...] = ()
    environment: Dict[str, str] = {}
    finding: Optional[Pattern[str]] = None
    """Its one group is a number; the findings are the sum over all matches."""

    def findings(self, output: str) -> Optional[int]:
        """How many findings the output tells; None where nothing looks for any."""
        if self.finding is None:
            return None
        return sum(int(number.replace(",", "")) for number in self.finding.findall(output))


CONTENDERS: Dict[str, Contender] = {
    BARE: Contender(),
    "mercury": Contender(
        ("-p", "mercury.testing.pytest_plugin", "--mercury"),
        finding=re.compile(r"\b([\d,]+) (?:new findings?|advisory)\b(?! more)"),
    ),
    # The fixture and the middleware of its README. As it ships it raises at the first N+1, which would end the test.
    "zeal": Contender(
        ("-p", "zeal_plugin", "-W", "default:N+1 detected"),
        {"DJANGO_SETTINGS_MODULE": "zeal_settings"},
        re.compile(r"^zeal: ([\d,]+) findings", re.MULTILINE),
    ),
    # Its fixture, asked for by each test; the warning is the one that its documentation says to ignore.
    "query-doctor": Contender(
        (
            *("-p", "query_doctor.pytest_plugin", "-o", "usefixtures=query_doctor"),
            *("-W", "ignore::query_doctor.QueryDoctorWarning"),
        ),
        finding=re.compile(r"^  .*: [\d,]+ queries, ([\d,]+) issue", re.MULTILINE),
    ),
}
