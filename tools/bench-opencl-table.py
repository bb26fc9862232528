#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of the OpenCL applications on two kernels, side by side.

Used by tools/bench-opencl.sh.
"""
import argparse
import json
import sys

COUNTS = ("faults", "flushes", "copied")


def read_rows(path):
    """By application: its figures, with "ok" for whether it was right."""
    rows, name = {}, None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["##"] and len(words) > 1:
                name = words[1]
            elif words[:1] == ["figures"] and name:
                rows[name] = {k: int(v) for k, v in
                              (w.split("=", 1) for w in words[1:])}
            elif words[:2] == ["ok", name]:
                rows.setdefault(name, {})["ok"] = True
    return rows


def per_page(figures):
    """Instructions for a page; None: there is no such figure."""
    if not figures.get("ok") or not figures.get("instructions"):
        return None
    return figures["instructions"] / figures["pages"]


def shown(value, form="{:.0f}"):
    return "failed" if value is None else form.format(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("branch")
    parser.add_argument("--json")
    args = parser.parse_args()
    base, branch = read_rows(args.base), read_rows(args.branch)

    wrong = []
    if not branch:
        wrong.append("no application has run")
    print(f"{'':12} {'instructions for a page':>30}   {'faults':>13}"
          f" {'flushes':>15} {'pages copied':>15}")
    print(f"{'application':12} {'base':>12} {'branch':>12} {'':>4}"
          + f"   {'base':>6} {'branch':>6}"
          + f" {'base':>7} {'branch':>7}" * 2)
    for name, here in branch.items():
        there = base.get(name, {})
        ours, theirs = per_page(here), per_page(there)
        ratio = ours / theirs if ours and theirs else None
        cells = [f"{name:12} {shown(theirs):>12} {shown(ours):>12}",
                 f"{'' if ratio is None else format(ratio, '.2f'):>4}  "]
        for count in COUNTS:
            width = 6 if count == "faults" else 7
            cells += [f"{there.get(count, '-'):>{width}}",
                      f"{here.get(count, '-'):>{width}}"]
        print(" ".join(cells))
        if ours is None:
            wrong.append(f"{name} fails on the branch")
        elif ratio is not None and ratio > 1:
            wrong.append(f"{name} takes {ratio:.2f} times the base's")
    if args.json:
        with open(args.json, "w", encoding="ascii") as out:
            json.dump({"base": base, "branch": branch}, out, indent=1)
            out.write("\n")
    for line in wrong:
        print(f"missed: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
