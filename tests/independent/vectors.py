"""Generates tests/vectors/*.json and tests/vectors/c2sp from this implementation, or compares them with
what it generates.


    vectors.py           writes the files
    vectors.py --check   verifies that the committed files are the same, exit code 1 if not
    vectors.py --weigh N FILE   writes N worlds of every model, for LEDGERLINE_WEIGH (tests/tests/models.rs)
"""

import importlib
import json
import sys
from pathlib import Path

import c2sp

FOLDER = Path(__file__).resolve().parent.parent / "vectors"
FILES = ("record", "tree", "opening", "note", "tables", "attribution", "settle", "weigh", "sample", "bundle")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lines(value):
    """One case a line."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(compact(item) for item in value) + "\n]"
    if isinstance(value, dict) and any(isinstance(item, (list, dict)) for item in value.values()):
        return "{\n" + ",\n".join(f"{compact(name)}:{lines(item)}" for name, item in value.items()) + "\n}"
    return compact(value)


def generate(name):
    module = importlib.import_module("cases." + name)
    whole = {"description": module.DESCRIPTION, "source": module.SOURCE}
    head = ",\n".join(f"{compact(key)}:{compact(value)}" for key, value in whole.items())
    return "{\n" + head + ',\n"cases":' + lines(module.make()) + "\n}\n"


def stale():
    """Names of files that are not what is generated."""
    out = []
    for name in FILES:
        path = FOLDER / f"{name}.json"
        if not path.exists() or path.read_text("utf-8") != generate(name):
            out.append(f"{name}.json")
    return out + stale_c2sp()


def stale_c2sp():
    """Files below c2sp that are missing, others or too many. README.md is written by hand."""
    wanted = c2sp.files()
    folder = FOLDER / "c2sp"
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop("README.md", None)
    return [f"c2sp/{path}" for path in sorted(wanted.keys() | found.keys()) if wanted.get(path) != found.get(path)]


def write_c2sp():
    folder = FOLDER / "c2sp"
    for path in stale_c2sp():
        (FOLDER / path).unlink(missing_ok=True)
    for path, data in c2sp.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def main():
    if sys.argv[1:] == ["--check"]:
        names = stale()
        print("\n".join(f"{name}: not what vectors.py generates" for name in names) or "vectors are current")
        return 1 if names else 0
    if sys.argv[1:2] == ["--weigh"]:
        worlds = importlib.import_module("cases.weigh").make(int(sys.argv[2]))
        Path(sys.argv[3]).write_text(compact({"cases": worlds}), "utf-8")
        return 0
    FOLDER.mkdir(exist_ok=True)
    for name in FILES:
        (FOLDER / f"{name}.json").write_text(generate(name), "utf-8")
    write_c2sp()
    return 0


if __name__ == "__main__":
    sys.exit(main())
