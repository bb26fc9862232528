#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The picture that an OpenCL application paints in the guest, as a file here.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/picture.sh [--out DIR] FILE

Run tests/opencl's mandelbrot in a guest with the branch's kernel and write what
the emulated GPU has painted to FILE, a PNG.

  --out DIR  the build directory (default: build)
  --help     this text
END
}

out=$TOP/build
file=
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*)
		[ -z "$file" ] || usage_error "one FILE is enough"
		file=$1
		;;
	esac
	shift
done
[ -n "$file" ] || usage_error "FILE is missing"
[ -x "$out/opencl/mandelbrot" ] ||
	die "$out/opencl has no applications: run 'make opencl' first"
need_command python3 python3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What the guest writes is lost, but for what it prints.
"$TOP/tools/run-guest.sh" --out "$out" --timeout 300 -- sh -c \
	'"$0" --width 480 --height 360 --ppm /tmp/picture >&2 && cat /tmp/picture' \
	"$(cd "$out/opencl" && pwd)/mandelbrot" >"$scratch/said"
python3 - "$scratch/said" "$file" <<'END'
import struct
import sys
import zlib

said = open(sys.argv[1], "rb").read()
ppm = said[said.index(b"P6\n"):]
_, size, _, pixels = ppm.split(b"\n", 3)
width, height = map(int, size.split())
line = 3 * width
assert len(pixels) >= line * height, "the picture is not whole"
# Each line as the differences to the one above.
rows = bytearray()
above = bytes(line)
for row in range(height):
    now = pixels[row * line:(row + 1) * line]
    rows += b"\2" + bytes((a - b) & 255 for a, b in zip(now, above))
    above = now


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))


with open(sys.argv[2], "wb") as png:
    png.write(b"\x89PNG\r\n\x1a\n" +
              chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
              chunk(b"IDAT", zlib.compress(bytes(rows), 9)) +
              chunk(b"IEND", b""))
END
say "the picture is $file"
