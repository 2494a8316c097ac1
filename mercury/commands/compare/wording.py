"""What `mercury compare` and `mercury history` say to people."""

from typing import Any, Dict, List

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
    return ["", head, "", *body, *_queries(document["queries"]), "", *_verdict(document)]


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


def _queries(counted: Dict[str, Any]) -> List[str]:
    if counted["why_not"]:
        return [f"  {'queries':<16} not counted: {counted['why_not']}"]
    said = [f"  {'queries':<16} {counted['base_queries']:,} -> {counted['head_queries']:,}"]
    differences = counted["differences"]
    said += [
        f"    {printable(each['unit'])}: {each['base']:,} -> {each['head']:,}" for each in differences[:SHOWN_UNITS]
    ]
    if len(differences) > SHOWN_UNITS:
        said.append(f"    and {len(differences) - SHOWN_UNITS:,} more units")
    for kind, words in (
        ("inexact", "differ from run to run, so they decide nothing"),
        ("only_in_one", "run in one side only"),
    ):
        if counted[kind]:
            shown = ", ".join(map(printable, counted[kind][:3]))
            said.append(f"    {len(counted[kind]):,} units {words}: {shown}{', ...' if len(counted[kind]) > 3 else ''}")
    return said
