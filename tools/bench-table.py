#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of tests/igt/svm_bench on two kernels: table, limits, JSON, RST.

Used by tools/bench.sh; tests/bench/README.md says what the figures mean.
"""
import argparse
import json
import sys

COUNTS = ("faults", "batches", "pfnmaps", "flushes", "inserts")
DENSE = "dense-cpu-written-4K"
GIB = 1 << 30

# The most that instructions on the branch may be of those on the base.
RATIO_LIMITS = {DENSE: 1 / 20, "gpu-first-4K": 1 / 4}
RATIO_LIMIT = 1.0
INSERT_LIMITS = {DENSE: 32, "retouch-live-buffers": 0,
                 "retouch-after-munmap": 0}
FLUSH_LIMITS = {"munmap-elsewhere": 0, "munmap-same-2M": 0}
LIVE_LIMIT = 1.2
MEMORY_LIMIT_KIB = 256
# What the base cannot do at all.
BASE_MAY_FAIL = ("oversubscribe-2x",)


def read_rows(path):
    """The kernel's name, and by row the passes, each a dictionary or None."""
    version, rows = "unknown", {}
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["kernel"]:
                version = " ".join(words[1:])
            if words[:1] != ["row"] or len(words) < 4:
                continue
            passes = rows.setdefault(words[1], [])
            if words[3] == "failed":
                passes.append(None)
            else:
                passes.append(dict(w.split("=", 1) for w in words[3:]))
    return version, rows


def side(passes):
    """One kernel's figures of one row; None: it failed there."""
    if len(passes) < 3 or None in passes:
        return None
    plain = sorted(int(p["instructions"]) for p in passes
                   if "inserts" not in p)
    probed = [p for p in passes if "inserts" in p][0]
    units = int(probed["units"])
    mirrored = int(probed["mirrored"])
    figures = {"instructions": plain, "per_unit": plain[0] / units,
               "repeats": plain[-1] / plain[0] - 1 if plain[0] else 0}
    for name in COUNTS + ("replays", "dropped"):
        figures[name] = int(probed[name])
    figures["kib_per_gib"] = figures["kib_per_gib_svm"] = None
    if mirrored:
        scale = GIB / mirrored / 1024
        figures["kib_per_gib"] = int(probed["memory"]) * scale
        figures["kib_per_gib_svm"] = int(probed["memory_svm"]) * scale
    return figures


def compare(base, branch):
    """All rows in the order of the branch's."""
    result = []
    for name in branch:
        known = [p for p in branch[name] + base.get(name, []) if p]
        row = {"name": name, "unit": known[0]["unit"] if known else "page",
               "base": side(base.get(name, [])), "branch": side(branch[name])}
        both = row["base"] and row["branch"]
        row["ratio"] = (row["branch"]["per_unit"] / row["base"]["per_unit"]
                        if both else None)
        row["limit"] = RATIO_LIMITS.get(name, RATIO_LIMIT)
        result.append(row)
    return result


def check(rows):
    """Each limit with its figure: (text, held)."""
    checks = []
    by_name = {row["name"]: row for row in rows}

    def limit(what, figure, most, form="{:g}"):
        checks.append((f"{what}: {form.format(figure)}, at most {most:g}",
                       figure <= most))

    for row in rows:
        name, branch = row["name"], row["branch"]
        if not branch:
            checks.append((f"{name}: failed on the branch", False))
            continue
        if not row["base"]:
            checks.append((f"{name}: failed on the base",
                           name in BASE_MAY_FAIL))
        else:
            limit(f"{name}: instructions, branch / base", row["ratio"],
                  row["limit"], "{:.3f}")
        if name in INSERT_LIMITS:
            limit(f"{name}: notifier inserts", branch["inserts"],
                  INSERT_LIMITS[name])
        if name in FLUSH_LIMITS:
            limit(f"{name}: GPU flushes", branch["flushes"],
                  FLUSH_LIMITS[name])
        if branch["kib_per_gib"] is not None and name.startswith("dense"):
            limit(f"{name}: KiB a mirrored GiB", branch["kib_per_gib"],
                  MEMORY_LIMIT_KIB, "{:.0f}")
    one, most = (by_name.get(f"fault-live-{n}", {}).get("branch")
                 for n in (1, 4096))
    if one and most:
        limit("a fault amid 4096 live buffers / amid one",
              most["per_unit"] / one["per_unit"], LIVE_LIMIT, "{:.3f}")
    return checks


def number(value, form="{:.0f}"):
    return "-" if value is None else form.format(value)


def cells(row):
    """The row as text: name, instructions, ratio, then pairs of counts."""
    base, branch = row["base"] or {}, row["branch"] or {}
    text = [row["name"], row["unit"],
            number(base.get("per_unit"), "{:.1f}") if base else "fails",
            number(branch.get("per_unit"), "{:.1f}") if branch else "fails",
            number(row["ratio"], "{:.3f}")]
    for name in COUNTS + ("kib_per_gib",):
        text.append(f"{number(base.get(name))} / {number(branch.get(name))}")
    return text


HEAD = ["row", "unit", "base", "branch", "ratio"] + list(COUNTS) + ["KiB/GiB"]


def print_table(rows):
    lines = [HEAD] + [cells(row) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    for line in lines:
        print("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))
                        ).rstrip())
    repeats = max((figures["repeats"] for row in rows
                   for figures in (row["base"], row["branch"]) if figures),
                  default=0)
    print(f"base and branch: instructions for each unit; the rest: base / "
          f"branch.\nA second pass differs by {100 * repeats:.1f} % at most.")


def write_rst(path, rows, checks, versions):
    head = ("Row", "Unit", "Base", "Branch", "Ratio", "Faults", "Batches",
            "PFNMAPs", "GPU flushes", "Notifier inserts", "KiB a GiB")
    out = [".. SPDX-License-Identifier: GPL-2.0", "",
           "===================", "nouveau SVM: figures",
           "===================", "",
           "Written by ``make figures``, which runs the same program on",
           f"Linux {versions[0].split()[0]} as it is (base) and on the branch,",
           "in a guest with an emulated GP107 and one processor. QEMU counts",
           "the instructions that the guest executes; time that it sleeps does",
           "not count. Base and Branch are instructions for each unit; what",
           "follows is base / branch, in all. *KiB a GiB* is what the kernel",
           "keeps in slabs for each mirrored GiB.", "",
           ".. list-table::", "   :header-rows: 1", ""]
    for line in [head] + [cells(row) for row in rows]:
        for i, cell in enumerate(line):
            out.append(("   * - " if i == 0 else "     - ") + cell)
    out += ["", "Limits", "======", ""]
    out += [f"- {text}{'' if held else ' (**not met**)'}"
            for text, held in checks]
    out[2] = out[4] = "=" * len(out[3])
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(out) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="output of svm_bench on the base")
    parser.add_argument("branch", help="output of svm_bench on the branch")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--rst", help="write the table to this file")
    args = parser.parse_args()
    base_version, base = read_rows(args.base)
    branch_version, branch = read_rows(args.branch)
    if not branch:
        sys.exit("bench-table.py: no row was measured")
    rows = compare(base, branch)
    checks = check(rows)
    print_table(rows)
    for text, held in checks:
        print("  ok:    " if held else "  FAILED:", text)
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump({"unit": "guest instructions",
                       "kernels": {"base": base_version,
                                   "branch": branch_version},
                       "rows": rows,
                       "limits": [{"text": text, "held": held}
                                  for text, held in checks]}, file, indent=2)
            file.write("\n")
    if args.rst:
        write_rst(args.rst, rows, checks, (base_version, branch_version))
    sys.exit(0 if all(held for _, held in checks) else 1)


main()
