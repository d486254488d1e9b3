"""Command line: verifies a bundle, or re-derives a whole run.

    run.py bundle FILE --key VKEY
    run.py run RUN --ledger LEDGER --key VKEY [--previous RUN]...

Exit codes: 0 verified, 1 disputed, 2 malformed, 3 incomplete (no key given).
"""

import argparse
import sys

from ledgerline_check import bundle_checks, notes, run_checks
from ledgerline_check.ledger import read_file
from ledgerline_check.report import EXIT
from ledgerline_check.wire import Malformed


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    bundle = commands.add_parser("bundle", help="verify a bundle")
    bundle.add_argument("file")
    run = commands.add_parser("run", help="re-derive a run and print its note's text")
    run.add_argument("run")
    run.add_argument("--ledger", required=True)
    run.add_argument("--previous", action="append", default=[], help="a run issued before, in the order of issue")
    for command in (bundle, run):
        command.add_argument("--key", help="the log's verifier key")
        command.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def main(argv=None):
    args = arguments(argv)
    try:
        vkey = notes.parse_vkey(args.key) if args.key else None
        if args.command == "bundle":
            report, text = bundle_checks.verify(read_file(args.file), vkey), None
        else:
            report, text = run_checks.verify(args.run, args.ledger, vkey, args.previous)
    except Malformed as error:
        print(f"malformed: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(report.json(text))
    else:
        for check in report.checks():
            print(f"{check.status:4} {check.id}  {check.detail}".rstrip(), file=sys.stderr)
        print(report.verdict(), file=sys.stderr)
        if text is not None:
            sys.stdout.write(text)
    return EXIT[report.verdict()]


if __name__ == "__main__":
    sys.exit(main())
