#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the JSON of tools/bench.sh as an SVG: two bars a row."""
import argparse
import json
from xml.sax.saxutils import escape

LEFT, BARS, RIGHT = 190, 400, 170
TOP, STEP, BAR = 62, 30, 10
BASE_COLOUR, BRANCH_COLOUR, WORSE_COLOUR = "#9aa4b1", "#2f81f7", "#d1242f"


def text(x, y, content, size=12, anchor="start", colour="#1f2328"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" '
            f'text-anchor="{anchor}" fill="{colour}">{escape(content)}</text>')


def bar(y, width, colour):
    return (f'<rect x="{LEFT}" y="{y}" width="{max(width, 1):.1f}" '
            f'height="{BAR}" rx="2" fill="{colour}"/>')


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def draw(data):
    rows = [row for row in data["rows"] if row["ratio"] is not None]
    width = LEFT + BARS + RIGHT
    height = TOP + STEP * len(rows) + 14
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
           f'height="{height}" viewBox="0 0 {width} {height}" '
           f'font-family="sans-serif">',
           "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
           f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff"/>',
           text(16, 24, "Guest instructions a page (munmap, fault), "
                "relative to the base", 15),
           f'<rect x="16" y="36" width="{BAR}" height="{BAR}" '
           f'fill="{BASE_COLOUR}"/>',
           text(32, 45, "Linux " + data["kernels"]["base"].split()[0]),
           f'<rect x="{LEFT}" y="36" width="{BAR}" height="{BAR}" '
           f'fill="{BRANCH_COLOUR}"/>', text(LEFT + 16, 45, "branch")]
    # All bars have one scale, and a row that is worse than the base still fits.
    scale = BARS / max([1] + [row["ratio"] for row in rows])
    for i, row in enumerate(rows):
        y = TOP + i * STEP
        worse = row["ratio"] > 1
        out += [text(LEFT - 8, y + 13, row["name"], anchor="end"),
                bar(y, scale, BASE_COLOUR),
                bar(y + BAR, scale * row["ratio"],
                    WORSE_COLOUR if worse else BRANCH_COLOUR),
                text(LEFT + BARS + 8, y + 13,
                     f"{figure(row['base']['per_unit'])} \u2192 "
                     f"{figure(row['branch']['per_unit'])}  "
                     f"(\u00d7{row['ratio']:.3f})", 11)]
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json", help="what tools/bench.sh wrote")
    parser.add_argument("svg", help="the file to write")
    args = parser.parse_args()
    with open(args.json, encoding="ascii") as file:
        data = json.load(file)
    with open(args.svg, "w", encoding="utf-8") as file:
        file.write(draw(data))


main()
