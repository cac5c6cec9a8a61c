"""The table of checks: each row has what the reports and the judge of responses need."""

from collections import Counter

from mock_server.contract.checks.table import CHECKS
from mock_server.judges.response import JUDGED_RULES


def test_each_rule_of_the_judge_of_responses_is_reported_by_one_check() -> None:
    counted = Counter(rule for check in CHECKS.values() for rule in check.rules)

    assert counted == Counter(JUDGED_RULES)


def test_a_check_that_may_have_nothing_to_look_at_says_why() -> None:
    lacking = [check.name for check in CHECKS.values() if not check.needs]

    assert lacking == ["not_a_server_error"]
