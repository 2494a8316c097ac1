"""What `mercury compare` and `mercury history` say to people."""

from typing import Any, Dict, List, Optional

from mercury.comparison import TOO_NOISY
from mercury.report.pen import printable

SHOWN_UNITS = 10


def percent(share: float) -> str:
    """`+7.4 %`."""
    return f"{100 * share:+.1f} %"


def side(revision: Dict[str, str]) -> str:
    """`main (1a2b3c4d5e)`."""
    return f"{printable(revision['name'])} ({revision['commit'][:10]})"


def lines(document: Dict[str, Any]) -> List[str]:
    """A comparison's document as lines for a terminal."""
    command = printable(" ".join(document["command"]))
    head = f"compare  {side(document['base'])} .. {side(document['head'])}  {command}"
    body = [_measure(name, found) for name, found in document["measures"].items()]
    for name, key in (("queries", "queries"), ("rows", "rows"), ("peak memory", "memory")):
        body += _counted(name, key, document.get(key))
    return ["", head, "", *body, "", *_verdict(document)]


def _verdict(document: Dict[str, Any]) -> List[str]:
    """The verdict, what it leaves out, and what to do where there is none."""
    noisy = [name for name, found in document["measures"].items() if found.get("verdict") == TOO_NOISY]
    if document["verdict"] == TOO_NOISY:
        return [TOO_NOISY + ": end what else runs on this machine, or look for a greater difference with --detect"]
    return [document["verdict"] + (f"; {' and '.join(noisy)} was too noisy to tell" if noisy else "")]


def _measure(name: str, found: Dict[str, Any]) -> str:
    if "why_not" in found:
        return f"  {name:<16} not compared: {found['why_not']}"
    interval = f"{percent(found['low'])} to {percent(found['high'])}"
    return (
        f"  {name:<16} {found['verdict']}: {percent(found['effect'])} ({interval}),"
        f" p = {found['p']:.2g}, noise floor {100 * found['noise_floor']:.1f} %, {found['count']} rounds"
    )


def _counted(name: str, key: str, counted: Optional[Dict[str, Any]]) -> List[str]:
    """Nothing of what was not asked for, or not known when a comparison was kept."""
    if counted is None:
        return []
    if counted["why_not"]:
        return [f"  {name:<16} not counted: {counted['why_not']}"]
    tell = _megabytes if key == "memory" else _number
    said = [f"  {name:<16} {tell(counted[f'base_{key}'])} -> {tell(counted[f'head_{key}'])}"]
    differences = counted["differences"]
    said += [
        f"    {printable(each['unit'])}: {tell(each['base'])} -> {tell(each['head'])}"
        for each in differences[:SHOWN_UNITS]
    ]
    if len(differences) > SHOWN_UNITS:
        said.append(f"    and {len(differences) - SHOWN_UNITS:,} more units")
    return said + _left_out(counted)


def _left_out(counted: Dict[str, Any]) -> List[str]:
    said = []
    for kind, words in (
        ("inexact", "differ from run to run, so they decide nothing"),
        ("only_in_one", "run in one side only"),
    ):
        if counted[kind]:
            shown = ", ".join(map(printable, counted[kind][:3]))
            said.append(f"    {len(counted[kind]):,} units {words}: {shown}{', ...' if len(counted[kind]) > 3 else ''}")
    return said


def _number(count: int) -> str:
    return f"{count:,}"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.2f} MiB"
