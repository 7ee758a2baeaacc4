; stacks.asm: the stacks and the per-CPU words of the boot CPU. Below each stack lies a page that Kernel/Arch/Paging.cs unmaps.

%include "offsets.inc"

        section .bss.stacks nobits alloc noexec write align=4096

global init_stack_bottom, init_stack_top, irq_stack_bottom, irq_stack_top, exception_stacks, boot_per_cpu_hot, boot_per_cpu_area

        resb 4096                               ; guard
init_stack_bottom:
        resb THREAD_SIZE
init_stack_top:
        resb 4096                               ; guard
irq_stack_bottom:
        resb THREAD_SIZE
irq_stack_top:

exception_stacks:                               ; double fault, NMI, debug, machine check: a guard page and a stack each
        resb 4 * (4096 + THREAD_SIZE)

        resb 4096                               ; keeps the words below away from a stack that grows into them
boot_per_cpu_hot:
        resb HOT_SIZE
boot_per_cpu_area:
        resb PER_CPU_AREA_SIZE

        section .note.GNU-stack noalloc noexec nowrite progbits
