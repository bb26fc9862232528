#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch and unpack the bases that the project builds on.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/fetch.sh [--out DIR] WHAT

Fetch a base from the machine's own Debian mirror and unpack it. It uses a
private apt state below DIR; the system's apt configuration is only read.

WHAT is one of
  linux     package linux-source-6.12           into DIR/linux
  config    package linux-config-6.12           into DIR/config
            (how Debian configures it)
  qemu      source package qemu                 into DIR/qemu
  distro    Debian's packaged kernel            into DIR/distro
            (what linux-image-amd64 depends on)
The version goes into DIR/WHAT.version. What is already there is left alone.

  --out DIR   where to (default: build/src)
  --help      this text
END
}

out=$TOP/build/src
what=
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	linux | config | qemu | distro) what=$1 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$what" ] || usage_error "what is to be fetched?"

[ ! -e "$out/$what.version" ] || exit 0
mkdir -p "$out"
out=$(cd "$out" && pwd)
logs=$(dirname "$out")/log
log=$logs/fetch-$what.log
apt=$out/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/sources" "$logs"

# Write the machine's Debian sources as binary and source entries to $1. Only
# suites of the running release count, so that a vendor's repository without
# sources does not stand in the way.
write_sources()
{
	local code file
	code=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
	rm -f "$1"/*
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$file" ] || continue
		awk -v code="$code" '
			function ours(s) {
				return s == code || index(s, code "-") == 1 ||
				       index(s, code "/") == 1 || s == "stable" ||
				       s == "oldstable" || s ~ /^(old)?stable-/
			}
			$1 == "deb" {
				suite = 3
				if ($2 ~ /^\[/) {
					for (i = 2; i <= NF && $i !~ /\]$/; i++)
						;
					suite = i + 2
				}
				if (!ours($suite) || !/ main( |$)/)
					next
				print
				sub(/^deb/, "deb-src")
				print
			}' "$file" >>"$1/lines.list"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -r "$file" ] || continue
		awk -v code="$code" -v RS= '
			function field(name,   n, i, l) {
				n = split($0, l, "\n")
				for (i = 1; i <= n; i++)
					if (tolower(l[i]) ~ "^" name ":") {
						sub(/^[^:]*:[ \t]*/, "", l[i])
						return " " l[i] " "
					}
				return ""
			}
			field("types") ~ / deb / && field("components") ~ / main / &&
			tolower(field("enabled")) !~ /no/ &&
			field("suites") ~ " (" code "|(old)?stable)([-/ ])" {
				sub(/(^|\n)[Tt]ypes:[^\n]*/, "\nTypes: deb deb-src")
				sub(/^\n/, "")
				print $0 "\n"
			}' "$file" >>"$1/stanzas.sources"
	done
	cat "$1"/* | grep -q . ||
		die "no Debian sources with suite '$code' and component 'main' in /etc/apt"
}

# private TOOL ARGUMENTS: an apt tool on the private state. Downloads by root
# go without the user _apt, who cannot write here.
private()
{
	local tool=$1
	shift
	"$tool" -q \
		-o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt" \
		-o Dir::Etc::sourcelist=/dev/null \
		-o Dir::Etc::sourceparts="$apt/sources" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}

# A source that is down does no harm as long as the package is found.
update()
{
	private apt-get update || echo "apt-get update: some source failed"
}

newest_in()
{
	find "$1" -maxdepth 1 -name "$2" | sort -V | tail -n 1
}

if [ ! -e "$apt/updated" ] || [ -n "$(find "$apt/updated" -mmin +60)" ]; then
	write_sources "$apt/sources"
	logged "asking the Debian mirror for its lists of packages" \
		"$logs/fetch-update.log" '' update
	touch "$apt/updated"
fi

tmp=$out/$what.tmp
rm -rf "$tmp"
mkdir -p "$tmp"
cd "$tmp"
case $what in
linux)
	logged "fetching package linux-source-6.12 (about 150 MB)" "$log" '' \
		private apt-get download linux-source-6.12
	deb=$(newest_in . '*.deb')
	version=$(dpkg-deb -f "$deb" Version)
	logged "unpacking the package" "$log" '' dpkg-deb -x "$deb" .
	logged "unpacking Linux $version" "$log" \
		'END {printf "%d files\n", NR}' \
		tar -xvf usr/src/linux-source-6.12.tar.xz
	tree=linux-source-6.12
	;;
config)
	logged "fetching package linux-config-6.12 (about 2 MB)" "$log" '' \
		private apt-get download linux-config-6.12
	deb=$(newest_in . '*.deb')
	version=$(dpkg-deb -f "$deb" Version)
	logged "unpacking the package" "$log" '' dpkg-deb -x "$deb" .
	mkdir tree
	xz -dc usr/src/linux-config-6.12/config.amd64_none_amd64.xz >tree/amd64
	tree=tree
	;;
qemu)
	logged "fetching source package qemu (about 24 MB)" "$log" '' \
		private apt-get source --download-only qemu
	dsc=$(newest_in . '*.dsc')
	version=$(sed -n 's/^Version: //p' "$dsc" | head -n 1)
	logged "unpacking QEMU $version" "$log" '' \
		dpkg-source --no-check -x "$dsc" tree
	tree=tree
	;;
distro)
	image=$(private apt-cache show --no-all-versions linux-image-amd64 |
		sed -n 's/^Depends: \([^ ,]*\).*/\1/p')
	[ -n "$image" ] || die "the mirror has no package linux-image-amd64"
	logged "fetching package $image (about 70 MB)" "$log" '' \
		private apt-get download "$image"
	deb=$(newest_in . '*.deb')
	version=$(dpkg-deb -f "$deb" Version)
	logged "unpacking $image" "$log" '' dpkg-deb -x "$deb" tree
	tree=tree
	;;
esac
rm -rf "${out:?}/$what"
mv "$tree" "$out/$what"
cd "$out"
rm -rf "$tmp"
echo "$version" >"$out/$what.version"
say "$what $version is in $out/$what"
