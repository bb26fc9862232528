#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# merge-maintainers.pl OURS THEIRS: put the entries that the repository's
# MAINTAINERS has for the kernel into the kernel's MAINTAINERS, in place and in
# alphabetical order. An entry that is there under the same title is replaced.
# tools/assemble-tree.sh calls it.

use strict;
use warnings;

die "usage: merge-maintainers.pl OURS THEIRS\n" if @ARGV != 2;
my ($ours_name, $theirs_name) = @ARGV;

my ($kernel) = slurp($ours_name) =~
	/^Entries in the form .*?:\n\n(.*?)\n\nEntries of the bench/ms
	or die "$ours_name: no entries for the kernel\n";
my ($head, $list) = slurp($theirs_name) =~
	/^(.*?\nMaintainers List\n-+\n\n)(.*)\n$/s
	or die "$theirs_name: no list of maintainers\n";
my @entries = split(/\n{2,}/, $list);

for my $entry (split(/\n{2,}/, $kernel)) {
	$entry =~ /^[^\n]*[A-Z][^\n]*\n(?:[A-Z]:\t[^\n]+(?:\n|$))+$/
		or die "$ours_name: this is no entry:\n$entry\n";
	insert($entry);
}

open(my $out, '>', $theirs_name) or die "$theirs_name: $!\n";
print $out $head, join("\n\n", @entries), "\n" or die "$theirs_name: $!\n";
close($out) or die "$theirs_name: $!\n";

sub slurp
{
	my ($name) = @_;

	open(my $in, '<', $name) or die "$name: $!\n";
	local $/;
	return scalar <$in>;
}

sub title
{
	my ($entry) = @_;

	return $entry =~ s/\n.*//sr;
}

# One entry out of order, and the kernel has some, does not count.
sub insert
{
	my ($entry) = @_;
	my $title = title($entry);

	for my $i (0 .. $#entries) {
		if (title($entries[$i]) eq $title) {
			$entries[$i] = $entry;
			return;
		}
	}
	for my $i (0 .. $#entries - 1) {
		if (title($entries[$i]) gt $title && title($entries[$i + 1]) gt $title) {
			splice(@entries, $i, 0, $entry);
			return;
		}
	}
	die "$theirs_name: no place for $title\n";
}
