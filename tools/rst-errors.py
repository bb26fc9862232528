#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print what is wrong in the form of the kernel's documents.

Usage: tools/rst-errors.py --linux DIR FILE.rst...

The documents are parsed by docutils alone, so what only Sphinx knows is taken
as plain text. A kernel-doc directive is replaced by what DIR/scripts/kernel-doc
makes of the file that it names, a path in this repository.
"""

import glob
import os
import subprocess
import sys

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.statemachine import StringList

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class CDeclaration(Directive):
    """A declaration of Sphinx's C domain: its text is what matters."""
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        node = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class TocTree(Directive):
    """Other documents, which have to be there."""
    has_content = True
    option_spec = {"hidden": directives.flag, "glob": directives.flag,
                   "maxdepth": directives.positive_int}

    def run(self):
        folder = os.path.dirname(self.state.document.current_source)
        for name in filter(None, map(str.strip, self.content)):
            if not glob.glob(os.path.join(folder, name + ".rst")):
                raise self.error(f"there is no document '{name}'")
        return []


class KernelDoc(Directive):
    """The kernel-doc comments of a source file."""
    required_arguments = 1
    option_spec = {"doc": directives.unchanged_required}
    linux = None

    def run(self):
        command = ["perl", self.linux + "/scripts/kernel-doc", "-rst",
                   "-sphinx-version", "3.0.0"]
        if "doc" in self.options:
            command += ["-function", self.options["doc"]]
        name = self.arguments[0]
        done = subprocess.run(command + [os.path.join(TOP, name)], text=True,
                              capture_output=True, check=False)
        if done.returncode or done.stderr:
            raise self.error("kernel-doc: " + done.stderr)
        lines = done.stdout.expandtabs().splitlines()
        node = nodes.container()
        self.state.nested_parse(StringList(lines, "kernel-doc of " + name), 0,
                                node)
        return [node]


def main():
    if sys.argv[1:2] == ["--help"]:
        print(__doc__)
        return 0
    if len(sys.argv) < 4 or sys.argv[1] != "--linux":
        print(f"{sys.argv[0]}: --linux DIR and a file are needed\n"
              f"Try '{sys.argv[0]} --help'.", file=sys.stderr)
        return 2
    KernelDoc.linux = sys.argv[2]
    directives.register_directive("kernel-doc", KernelDoc)
    directives.register_directive("toctree", TocTree)
    for name in "function struct enum union macro type member".split():
        directives.register_directive("c:" + name, CDeclaration)
        roles.register_generic_role("c:" + name, nodes.literal)
    for name in "c:func", "c:expr", "doc", "ref":
        roles.register_generic_role(name, nodes.literal)

    for name in sys.argv[3:]:
        with open(name, encoding="utf-8") as text:
            publish_doctree(text.read(), source_path=name, settings_overrides={
                "report_level": 2, "halt_level": 5, "syntax_highlight": "none"})
    return 0


sys.exit(main())
