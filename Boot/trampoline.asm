; trampoline.asm: how the other CPUs come from real mode to 64-bit C#.
;
; A start-up IPI makes a CPU begin in real mode, at offset 0 of a page below 1 MB whose number is in the IPI. Kernel/Arch/Smp.Boot.cs copies
; everything from trampoline_start to trampoline_end there, fills the parameters in, and starts one CPU at a time. The code finds its own
; place through cs, so any page will do; the page tables it is given show that page at its physical address, and the kernel.
; From real mode straight to long mode: PAE, CR3, EFER.LME and then paging and protection with one write of CR0.
; Nothing here uses a stack before the CPU has its own.

%include "offsets.inc"

%define AT(label) ((label) - trampoline_start)

        section .rodata
        align 16
trampoline_start:
        bits 16
        cli
        cld
        mov ax, cs
        mov ds, ax
        movzx ebx, ax
        shl ebx, 4                              ; the page's address
        lea eax, [ebx + AT(trampoline_gdt)]
        mov [AT(trampoline_gdt_descriptor) + 2], eax
        lea eax, [ebx + AT(long_mode)]
        mov [AT(long_mode_pointer)], eax
        o32 lgdt [AT(trampoline_gdt_descriptor)]
        mov eax, [AT(parameters) + TRAMPOLINE_CR4]
        mov cr4, eax
        mov eax, [AT(parameters) + TRAMPOLINE_ROOT]
        mov cr3, eax
        mov ecx, 0xc0000080
        xor edx, edx
        mov eax, [AT(parameters) + TRAMPOLINE_EFER]
        wrmsr
        mov eax, [AT(parameters) + TRAMPOLINE_CR0]
        mov cr0, eax
        jmp dword far [AT(long_mode_pointer)]

        bits 64
long_mode:
        mov eax, KERNEL_DS
        mov ds, eax
        mov es, eax
        mov ss, eax
        xor eax, eax
        mov fs, eax
        mov gs, eax
        mov ecx, 0xc0000101                     ; gs must be right before the first C# instruction
        mov eax, [rel parameters + TRAMPOLINE_HOT]
        mov edx, [rel parameters + TRAMPOLINE_HOT + 4]
        wrmsr
        mov rsp, [rel parameters + TRAMPOLINE_STACK]
        mov rsi, [rel parameters + TRAMPOLINE_KERNEL_ROOT]
        mov rdi, [rel parameters + TRAMPOLINE_CPU]
        mov rax, [rel parameters + TRAMPOLINE_ENTRY]
        jmp [rel high_half_pointer]

        align 8
long_mode_pointer:
        dd 0
        dw KERNEL_CS
        align 8
trampoline_gdt:                                 ; the selectors of the kernel; marked as accessed, since the page is read-only then
        dq 0, 0
        dq 0x00af9b000000ffff                   ; KERNEL_CS
        dq 0x00cf93000000ffff                   ; KERNEL_DS
trampoline_gdt_descriptor:
        dw trampoline_gdt_descriptor - trampoline_gdt - 1
        dd 0
        align 8
high_half_pointer:
        dq secondary_high_half
parameters:
        times TRAMPOLINE_SIZE db 0
trampoline_end:

; What Kernel/Arch/Smp.Boot.cs needs to know, in the order of its structure TrampolineTable.
        align 8
trampoline_table:
        dq trampoline_start, trampoline_end, parameters, secondary_hot

        section .text
        bits 64
; rax = the C# to call with edi, rsi = the kernel's page tables. The trampoline's page is gone after the next instruction.
secondary_high_half:
        mov cr3, rsi
        xor ebp, ebp
        call rax
        ud2

global arch_trampoline_table
arch_trampoline_table:
        lea rax, [rel trampoline_table]
        ret

        section .bss
        alignb 64
secondary_hot:                                  ; PerCpuHot of CPU 1 and up
        resb (MAX_CPUS - 1) * HOT_SIZE

        section .note.GNU-stack noalloc noexec nowrite progbits
