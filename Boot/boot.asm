; boot.asm: from the loader's 32-bit protected mode to 64-bit C#.
;
; Two ways in: the PVH entry (QEMU -kernel) and multiboot2 (GRUB, under BIOS and UEFI). Both arrive in 32-bit protected mode without
; paging, interrupts off, ebx pointing at the loader's information. This file checks that the CPU can run the kernel, builds boot page
; tables, enters long mode at the high address and calls into C#. Kernel/Arch/Paging.cs replaces the tables soon after.
;
; Boot page tables: physical 0-1 GB at 0 (identity, dropped later) and at KERNEL_BASE, physical 0-4 GB at DIRECT_MAP_BASE; 2 MB pages.

%include "offsets.inc"
%define PHYS(symbol) (symbol - KERNEL_BASE)

MULTIBOOT2_MAGIC equ 0x36d76289
PVH_MAGIC        equ 0x336ec578
LOADER_PVH       equ 1
LOADER_MULTIBOOT equ 2

        section .note.pvh note alloc noexec nowrite align=4
        dd 4, 8, 18                             ; XEN_ELFNOTE_PHYS32_ENTRY
        db 'Xen', 0
        dq PHYS(pvh_start)

        section .multiboot progbits alloc noexec nowrite align=8
multiboot_header:
        dd 0xe85250d6, 0, multiboot_header_end - multiboot_header
        dd 0x100000000 - (0xe85250d6 + (multiboot_header_end - multiboot_header))
        align 8
        dw 1, 0                                 ; information request
        dd information_request_end - $ + 4
        dd 1, 6                                 ; command line, memory map
information_request_end:
        align 8
        dw 3, 0                                 ; entry address
        dd 12
        dd PHYS(multiboot_start)
        align 8
        dw 5, 1                                 ; framebuffer, optional: text where the firmware has text
        dd 20
        dd 0, 0, 0
        align 8
        dw 6, 0                                 ; page-aligned modules
        dd 8
        align 8
        dw 0, 0
        dd 8
multiboot_header_end:

        section .text.boot progbits alloc exec nowrite align=16
        bits 32

global pvh_start
pvh_start:
        cli
        cld
        mov esp, PHYS(boot_stack_top)
        mov esi, LOADER_PVH
        cmp dword [ebx], PVH_MAGIC
        je check_cpu
        mov esi, PHYS(text_bad_loader)
        jmp die

multiboot_start:
        cli
        cld
        mov esp, PHYS(boot_stack_top)
        mov esi, LOADER_MULTIBOOT
        cmp eax, MULTIBOOT2_MAGIC
        je check_cpu
        mov esi, PHYS(text_bad_loader)
        jmp die

check_cpu:
        mov [PHYS(boot_loader)], esi
        mov [PHYS(boot_information)], ebx

        pushfd                                  ; CPUID exists if the ID flag can be changed
        pop eax
        mov ecx, eax
        xor eax, 1 << 21
        push eax
        popfd
        pushfd
        pop eax
        xor eax, ecx
        mov esi, PHYS(text_no_long_mode)
        jz die
        mov eax, 0x80000000
        cpuid
        mov esi, PHYS(text_no_long_mode)
        cmp eax, 0x80000001
        jb die
        mov eax, 0x80000001
        cpuid
        bt edx, 29                              ; long mode
        jnc die
        mov esi, PHYS(text_no_nx)
        bt edx, 20                              ; no-execute
        jnc die
        mov esi, PHYS(text_no_sse2)
        mov eax, 1
        cpuid
        bt edx, 26
        jnc die

        mov edi, PHYS(boot_pd)                  ; 2048 entries of 2 MB: 4 GB
        mov eax, 0x83                           ; present, writable, large
        xor edx, edx
        mov ecx, 2048
.fill:  mov [edi], eax
        mov [edi + 4], edx
        add edi, 8
        add eax, 0x200000
        loop .fill

        mov eax, PHYS(boot_pd) + 3
        mov [PHYS(boot_pdpt_low)], eax
        mov [PHYS(boot_pdpt_high) + 510 * 8], eax
        mov edi, PHYS(boot_pdpt_direct)
        mov ecx, 4
.direct:
        mov [edi], eax
        add edi, 8
        add eax, 4096
        loop .direct
        mov dword [PHYS(boot_pml4)], PHYS(boot_pdpt_low) + 3
        mov dword [PHYS(boot_pml4) + ((DIRECT_MAP_BASE >> 39) & 511) * 8], PHYS(boot_pdpt_direct) + 3
        mov dword [PHYS(boot_pml4) + 511 * 8], PHYS(boot_pdpt_high) + 3

        mov eax, PHYS(boot_pml4)
        mov cr3, eax
        mov eax, cr4
        or eax, 0x6a0                           ; PAE, PGE, OSFXSR, OSXMMEXCPT
        mov cr4, eax
        mov ecx, 0xc0000080
        rdmsr
        or eax, 0x900                           ; long mode, no-execute
        wrmsr
        mov eax, cr0
        and eax, ~0x6000000c                    ; caches on; no x87 emulation, no task-switched
        or eax, 0x80010023                      ; paging, write protect, native x87 errors, monitor coprocessor, protected mode
        mov cr0, eax
        lgdt [PHYS(boot_gdt_descriptor)]
        jmp KERNEL_CS:PHYS(long_mode)

; Prints the text at esi on the first serial port and on the VGA screen, and stops.
die:
        mov edi, 0xb8000
.next:  lodsb
        test al, al
        jz .stop
        mov ah, 0x4f
        stosw
        mov ah, al
        mov dx, 0x3fd
        mov ecx, 100000
.wait:  in al, dx
        test al, 0x20
        loopz .wait
        mov dx, 0x3f8
        mov al, ah
        out dx, al
        jmp .next
.stop:  cli
        hlt
        jmp .stop

        bits 64
long_mode:
        mov rax, high_half
        jmp rax

        section .text
extern runtime_startup, kernel_start, init_stack_top, boot_per_cpu_hot
high_half:
        mov eax, KERNEL_DS
        mov ds, eax
        mov es, eax
        mov ss, eax
        xor eax, eax
        mov fs, eax
        mov gs, eax
        lgdt [rel boot_gdt_descriptor_high]
        mov rsp, init_stack_top
        xor ebp, ebp

        mov rdx, boot_per_cpu_hot               ; gs must be right before the first C# instruction
        mov [rdx + HOT_SELF], rdx
        mov dword [rdx + HOT_IRQ_STACK_DEPTH], -1
        mov eax, edx
        shr rdx, 32
        mov ecx, 0xc0000101
        wrmsr

        call runtime_startup
        mov edi, [rel boot_loader]
        mov esi, [rel boot_information]
        call kernel_start
        ud2

        section .rodata
text_bad_loader:   db 'CSharpOS: started by neither PVH nor multiboot2: use QEMU -kernel or GRUB multiboot2', 13, 10, 0
text_no_long_mode: db 'CSharpOS: this CPU has no 64-bit long mode: use a 64-bit CPU (QEMU: qemu-system-x86_64)', 13, 10, 0
text_no_nx:        db 'CSharpOS: this CPU has no no-execute pages: switch the NX bit on in the firmware, or use another CPU', 13, 10, 0
text_no_sse2:      db 'CSharpOS: this CPU has no SSE2', 13, 10, 0

        section .data
        align 8
; Kernel/Arch/Gdt.cs loads the real table; this one has the same selectors.
boot_gdt:
        dq 0, 0
        dq 0x00af9a000000ffff                   ; KERNEL_CS
        dq 0x00cf92000000ffff                   ; KERNEL_DS
boot_gdt_descriptor:
        dw boot_gdt_descriptor - boot_gdt - 1
        dd PHYS(boot_gdt)
        align 8
boot_gdt_descriptor_high:
        dw boot_gdt_descriptor - boot_gdt - 1
        dq boot_gdt
boot_loader:      dd 0
boot_information: dd 0

        section .bss
        alignb 4096
boot_pml4:        resb 4096
boot_pdpt_low:    resb 4096
boot_pdpt_high:   resb 4096
boot_pdpt_direct: resb 4096
boot_pd:          resb 4 * 4096
boot_stack:       resb 256
boot_stack_top:

        section .note.GNU-stack noalloc noexec nowrite progbits
