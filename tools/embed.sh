#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# embed.sh FILE... prints an assembly file with the bytes of each FILE and the table `embedded_files` of
# tui/embedded.h. For 64-bit ELF targets; gcc and clang read it alike.
set -eu

i=0
echo '	.section .rodata'
for file; do
	printf '.Lname%d:\n\t.asciz "%s"\n.Lbytes%d:\n\t.incbin "%s"\n.Lend%d:\n\t.byte 0\n' \
		$i "$file" $i "$file" $i
	i=$((i + 1))
done

# Pointers are filled in by the loader of a position-independent program, and read-only from then on.
printf '\n\t.section .data.rel.ro,"aw"\n\t.balign 8\n\t.globl embedded_files\n'
printf '\t.type embedded_files, %%object\nembedded_files:\n'
j=0
while [ $j -lt $i ]; do
	printf '\t.quad .Lname%d, .Lbytes%d, .Lend%d - .Lbytes%d\n' $j $j $j $j
	j=$((j + 1))
done
printf '\t.quad 0, 0, 0\n\t.size embedded_files, . - embedded_files\n'
printf '\n\t.section .note.GNU-stack,"",%%progbits\n'
