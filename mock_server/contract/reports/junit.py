"""JUnit XML, one test case for each operation and check: https://github.com/testmoapp/junitxml ."""

import re
from xml.sax.saxutils import escape, quoteattr

from mock_server.contract.reports.report import as_texts, is_red, list_objects, seconds_of
from mock_server.json_values import JsonObject, as_object
from mock_server.printable import printable_lines

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(run: JsonObject) -> str:
    """Write a run, which is a digest."""
    findings, operations = list_objects(run["findings"]), list_objects(run["operations"])
    by_case: dict[tuple[str, str], list[str]] = {}
    for found in findings:
        for operation in as_texts(found["operations"]):
            by_case.setdefault((operation, str(found["check"])), []).append(_failure(found))
    ran = as_texts(run["checks"])
    failures = sum(map(is_red, findings))
    broken = _errors(run)
    total = len(operations) * len(ran) + len(broken)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        (
            f'<testsuites name="mock-server test" tests="{total}" failures="{failures}" errors="{len(broken)}" '
            f'time="{run["seconds"]:.3f}">'
        ),
    ]
    for tested in operations:
        title = str(tested["title"])
        cases = [_case(tested, check, by_case.get((str(tested["id"]), check), [])) for check in ran]
        count = sum("<failure" in case for case in cases)
        skipped = sum("<skipped" in case for case in cases)
        lines.append(
            f'  <testsuite name={_attribute(title)} tests="{len(cases)}" failures="{count}" skipped="{skipped}" '
            f'time="{seconds_of(tested):.3f}">'
        )
        lines += [*cases, "  </testsuite>"]
    if broken:
        lines.append(f'  <testsuite name="mock-server test" tests="{len(broken)}" errors="{len(broken)}">')
        lines += [*broken, "  </testsuite>"]
    return "\n".join([*lines, "</testsuites>", ""])


def _errors(run: JsonObject) -> list[str]:
    """Write why the run itself is no success, as cases: nothing was reached, or a fault of ours."""
    found = [("nothing was tested", str(run["unreached"]))] if run["unreached"] else []
    if run["barred"] and not run["unreached"]:
        found.append(("not everything was tested", str(run["barred"])))
    found += [
        (f"{fault['operation']} was not tested to the end", str(fault["message"]))
        for fault in list_objects(run["faults"])
    ]
    return [
        f'    <testcase classname="mock-server test" name={_attribute(name)}>'
        f"<error message={_attribute(text)}/></testcase>"
        for name, text in found
    ]


def _case(tested: JsonObject, check: str, found: list[str]) -> str:
    head = f"    <testcase classname={_attribute(str(tested['title']))} name={_attribute(check)}"
    head += f' time="{seconds_of(tested, check):.3f}"'
    if tested["file"] is not None:
        head += f" file={_attribute(str(tested['file']))}"
    if tested["line"] is not None:
        head += f' line="{tested["line"]}"'
    reason = as_object(tested["skipped"]).get(check)
    if not found and reason is not None:
        return f"{head}>\n      <skipped message={_attribute(str(reason))}/>\n    </testcase>"
    if not found:
        return f"{head}/>"
    return "\n".join([f"{head}>", *found, "    </testcase>"])


def _failure(found: JsonObject) -> str:
    where = f"{found['file']}:{found['line']} {found['pointer']}"
    text = f"{found['message']}\n{where}\nid {found['id']}, seen {found['seen']}\n{found['curl']}"
    if not is_red(found):
        return f"      <system-out>{_text(str(found['level']) + ': ' + text)}</system-out>"
    head = f"type={_attribute(str(found['rule']))} message={_attribute(str(found['message']))}"
    return f"      <failure {head}>{_text(text)}</failure>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _text(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """Without what XML 1.0 has no way to write."""
    return _ILLEGAL.sub("\ufffd", printable_lines(text))
