"""The style of the HTML page, and its hash, by which a content security policy lets it and nothing else pass."""

import base64
import hashlib

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2024; --soft: #5c6570; --line: #d9dee3; --card: #f6f8fa; --bad: #b3261e; --good: #1a7f37;
  --kind: #8a4b00; --code: #eceff2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e4e8ec; --soft: #9aa4ae; --line: #333a41; --card: #1c2125; --bad: #ff8a80;
    --good: #6fdd8b; --kind: #ffb95c; --code: #262c32;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p, ul { margin: .5rem 0; }
ul { padding-left: 1.25rem; }
.soft { color: var(--soft); }
.bad { color: var(--bad); }
.good { color: var(--good); }
.kind { color: var(--kind); font-weight: 600; }
code, pre { font: .875em/1.45 ui-monospace, monospace; }
code { background: var(--code); border-radius: .25rem; padding: .1em .3em; }
pre { background: var(--code); border-radius: .25rem; padding: .5rem .75rem; margin: 0; white-space: pre-wrap; }
article {
  background: var(--card); border: 1px solid var(--line); border-left: .25rem solid var(--kind); border-radius: .375rem;
  padding: .75rem 1rem; margin: .75rem 0; break-inside: avoid;
}
article.new { border-left-color: var(--bad); }
.count { font-weight: 400; color: var(--soft); white-space: nowrap; }
dl { display: grid; grid-template-columns: 4rem 1fr; gap: .35rem .75rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
dd ul { list-style: none; margin: 0; padding: 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
th:first-child, td:first-child { overflow-wrap: anywhere; width: 100%; }
th.figure, td.figure {
  text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-left: .75rem; padding-right: 0;
}
summary { cursor: pointer; }
details > summary > h2 { display: inline; border: 0; }
details { margin: 2rem 0 0; }
footer { margin-top: 3rem; font-size: .875rem; color: var(--soft); }
@media (max-width: 32rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  .further { display: none; }
}
@media print {
  :root {
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --card: #fff; --bad: #900; --good: #060; --kind: #630;
    --code: #fff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .table { overflow: visible; }
}
"""

HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
"""As `style-src` of a content security policy has it, without its quotes."""
