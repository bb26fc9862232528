#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# convert-text.pl BEFORE AFTER: finish, in place, the file AFTER, which is what
# spatch made of BEFORE: comments and documentation, and the layout of what got
# shorter. tools/convert-names.sh calls it.

use strict;
use warnings;

my $SHORTER = length('interval') - length('range');

die "usage: convert-text.pl BEFORE AFTER\n" if @ARGV != 2;
my ($before_name, $after_name) = @ARGV;
my $before = slurp($before_name);
my $text = slurp($after_name);

if ($after_name =~ /\.rst$/) {
	$text = documentation($text);
} else {
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
		  {code_or_comment($1)}gse;
	$text = cuddled_else($before, $text);
	$text =~ s/^(\};\n)(static const struct mmu_range_notifier_ops )/$1\n$2/gm;
	$text = aligned($text);
}

open(my $out, '>', $after_name) or die "$after_name: $!\n";
print $out $text or die "$after_name: $!\n";
close($out) or die "$after_name: $!\n";

sub slurp
{
	my ($name) = @_;

	open(my $in, '<', $name) or die "$name: $!\n";
	local $/;
	return scalar <$in>;
}

# The names, a misspelling that is about, and what people call them.
sub prose
{
	my ($words) = @_;

	$words =~ s/\bmmu_i(?:nt|t)erval_(?=\w)/mmu_range_/g;
	$words =~ s/\bMMU interval ops\b/MMU range notifier ops/g;
	$words =~ s/\b(mmu|MMU) interval\b/$1 range/g;
	$words =~ s/(?<!range )\binterval notifier\b/range notifier/g;
	return $words;
}

# A literal is code, spatch has seen it.
sub code_or_comment
{
	my ($piece) = @_;

	return $piece =~ m{^/} ? prose($piece) : $piece;
}

# Code in a document is not C enough for spatch.
sub documentation
{
	my ($words) = @_;

	$words =~ s{\bmmu_interval_notifier_insert\(struct\ mmu_interval_notifier\ \*(\w+),\s*
		    struct\ mm_struct\ \*mm,\s*unsigned\ long\ start,\s*unsigned\ long\ length,\s*
		    const\ struct\ mmu_interval_notifier_ops\ \*ops\)}
		   {mmu_range_notifier_insert(struct mmu_range_notifier *$1,\n\t\t\t       unsigned long start, unsigned long length,\n\t\t\t       struct mm_struct *mm)}gx;
	$words =~ s/\bint hmm_range_fault\(struct hmm_range \*range\)/long hmm_range_fault(struct hmm_range *range, unsigned int flags)/g;
	$words =~ s/\bhmm_range_fault\((&?\w+)\)/hmm_range_fault($1, 0)/g;
	$words =~ s/\b(\w+)->notifier\.mm\b/mmu_range_notifier_mm(&$1)/g;
	return prose($words);
}

# spatch gives a branch its braces, but not in the kernel's way.
sub cuddled_else
{
	my ($old, $new) = @_;
	my $apart = qr/\n(\s*)\}\n\1else\b/;

	$new =~ s/$apart/\n$1} else/g if $old !~ $apart;
	return $new;
}

# Columns that a piece of a line takes, from its beginning.
sub columns
{
	my ($piece) = @_;
	my $column = 0;

	for my $char (split //, $piece) {
		$column += $char eq "\t" ? 8 - $column % 8 : 1;
	}
	return $column;
}

# Arguments that stood below their open parenthesis do so again, parameters with
# tabs.
sub aligned
{
	my @lines = split /\n/, $_[0], -1;

	for my $i (0 .. $#lines) {
		next unless $lines[$i] =~ /^(.*?\bmmu_range_\w+\()(.*)$/ ||
			    $lines[$i] =~ /^(.*?\()(struct mmu_range_notifier .*)$/;
		my $column = columns($1);
		my $depth = 1 + depth($2);

		for (my $j = $i + 1; $depth > 0 && $j <= $#lines; $j++) {
			$lines[$j] =~ /^(\s*)(.*)$/;
			my ($indent, $rest) = (columns($1), $2);

			$depth += depth($rest);
			next if $indent != $column &&
				$indent != $column + $SHORTER;
			$lines[$j] = "\t" x int($column / 8) .
				     ' ' x ($column % 8) . $rest;
		}
	}
	return join("\n", @lines);
}

# Open parentheses less closed ones; never counts behind the end of the call.
sub depth
{
	my ($piece) = @_;

	return ($piece =~ tr/(//) - ($piece =~ tr/)//);
}
