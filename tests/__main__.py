"""`python3 -m tests`: sets up what the tests need, runs the groups, prints one table. Standard library only."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older one must read this sentence
    sys.exit("Homethread needs Python 3.11 or newer.")

import argparse
import signal
import time
from collections.abc import Sequence

from tests import ground, lock
from tests.groups import GROUPS, Group, chosen
from tests.running import Outcome, Runner
from tests.schedule import run_all

HELP = "arguments after -- go to pytest"


def main(arguments: Sequence[str]) -> int:
    own, pytest_arguments = _split(arguments)
    options = _parser().parse_args(own)
    if options.list:
        for group in GROUPS:
            print(f"{group.name:<10} {group.about}")
        return 0
    if options.relock:
        lock.relock()
        return 0
    try:
        groups = chosen(options.group, acceptance=options.acceptance)
    except LookupError as unknown:
        sys.exit(str(unknown))
    began = time.monotonic()
    problems = ground.prepare(["environment", *(need for group in groups for need in group.needs)])
    print(f"set up: {'incomplete' if problems else 'complete'} after {time.monotonic() - began:.1f} s", flush=True)
    if options.set_up:
        return bool(problems)
    outcomes = _run(groups, problems, Runner(pytest_arguments, acceptance=options.acceptance))
    return _sum_up(outcomes)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    own = list(arguments)
    if "--" not in own:
        return own, []
    at = own.index("--")
    return own[:at], own[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tests", description=__doc__, epilog=HELP)
    parser.add_argument("group", nargs="*", help="run these groups only")
    parser.add_argument("--list", action="store_true", help="name the groups and end")
    parser.add_argument("--acceptance", action="store_true", help="run what takes minutes too")
    parser.add_argument("--set-up", action="store_true", help="make the environment and end")
    parser.add_argument("--relock", action="store_true", help="write constraints.txt anew from pyproject.toml and end")
    return parser


def _run(groups: Sequence[Group], problems: dict[str, str], runner: Runner) -> list[Outcome]:
    able, outcomes = [], {}
    for group in groups:
        lacking = [need for need in ("environment", *group.needs) if need in problems]
        if lacking:
            outcomes[group.name] = Outcome(
                group.name, failed=1, notes=[f"could not run, missing: {', '.join(lacking)}"]
            )
            _show(outcomes[group.name])
        else:
            able.append(group)
    for outcome in run_all(able, runner):
        outcomes[outcome.group] = outcome
        _show(outcome)
    return [outcomes[group.name] for group in groups if group.name in outcomes]


def _show(outcome: Outcome) -> None:
    word = "FAILED" if outcome.failed else "passed"
    print(f"\n== {outcome.group}: {word} in {outcome.seconds:.1f} s")
    if outcome.output:
        print(outcome.output.rstrip())
    for note in outcome.notes:
        print(f"   {note}")
    sys.stdout.flush()


def _sum_up(outcomes: Sequence[Outcome]) -> int:
    print(f"\n{'group':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'again':>7}{'seconds':>9}")
    for one in outcomes:
        print(f"{one.group:<12}{one.passed:>8}{one.failed:>8}{one.skipped:>9}{one.again:>7}{one.seconds:>9.1f}")
    words = ("passed", "failed", "skipped", "again")
    passed, failed, skipped, again = (sum(getattr(one, word) for one in outcomes) for word in words)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped, {again} tried again")
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    sys.exit(main(sys.argv[1:]))
