#!/usr/bin/env bash
# Links an image twice: first without, then with the tables for call traces, which are made from the first.
# usage: link.sh IMAGE TABLES-PREFIX OBJECT...; the build (Boot.csproj) gives the rest in the environment.
set -euo pipefail
image=$1 tables=$2
shift 2

# shellcheck disable=SC2086 # flags are lists
nasm $NASM_FLAGS -o "$tables.o" "$tables.gen.asm"
# shellcheck disable=SC2086
eval "ld $LINK_FLAGS" -o '"$tables.first.elf"' '"$@"' '"$tables.o"'

names=()
for name in $ASSEMBLIES; do
    names+=(--assembly "$name")
done
eval "$IMAGE_TOOL" tables '"$tables.first.elf"' '"$tables.bin"' --root '"$ROOT"' '"${names[@]}"'

eval "$IMAGE_TOOL" exports '"$tables.first.elf"' '"$tables.exports.bin"' '"${names[@]}"'

printf '        section .ksymtab progbits alloc noexec nowrite align=16\n        incbin "%s"\n        section .kexports progbits alloc noexec nowrite align=16\n        incbin "%s"\n        section .note.GNU-stack noalloc noexec nowrite progbits\n' \
    "$tables.bin" "$tables.exports.bin" >"$tables.ksymtab.asm"
nasm -f elf64 -o "$tables.ksymtab.o" "$tables.ksymtab.asm"
eval "ld $LINK_FLAGS" -o '"$image.new"' '"$@"' '"$tables.o"' '"$tables.ksymtab.o"'
eval "$IMAGE_TOOL" verify '"$image.new"'
mv "$image.new" "$image"
