#!/usr/bin/env bash
# Links a loadable module: the object that ilc made and the generated tables become one relocatable file, with tables of its own for call traces.
# usage: module.sh MODULE.ko WORK-PREFIX ASSEMBLY OBJECT TABLES.asm; the build gives IMAGE_TOOL and ROOT in the environment.
set -euo pipefail
module=$1 work=$2 assembly=$3 object=$4 generated=$5
here=$(dirname "$0")

nasm -f elf64 -Werror -o "$work.tables.o" "$generated"
ld -r --force-group-allocation -T "$here/module.ld" -o "$work.whole.o" "$object" "$work.tables.o"
ld -T "$here/module-tables.ld" --unresolved-symbols=ignore-all --no-warn-rwx-segments --no-eh-frame-hdr -z noexecstack -e 0 -o "$work.elf" "$work.whole.o"
eval "$IMAGE_TOOL" tables '"$work.elf"' '"$work.bin"' --text-base 0x400000 --root '"$ROOT"' --assembly Kernel --assembly '"$assembly"'

printf '        section .ksymtab progbits alloc noexec nowrite align=16\n        incbin "%s"\n        section .note.GNU-stack noalloc noexec nowrite progbits\n' \
    "$work.bin" >"$work.ksymtab.asm"
nasm -f elf64 -o "$work.ksymtab.o" "$work.ksymtab.asm"
ld -r -T "$here/module.ld" -o "$work.linked.o" "$work.whole.o" "$work.ksymtab.o"
strip --strip-unneeded -R .eh_frame -R .rela.eh_frame -R .dotnet_eh_table -o "$module.new" "$work.linked.o"
mv "$module.new" "$module"
