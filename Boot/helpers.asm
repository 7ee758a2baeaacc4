; helpers.asm: the instructions that C# cannot say. System V calling convention, no stack frame.
;
; The build replaces calls to most of these by the instructions themselves (tools/ImageTool, patch): keep the two in step.

%include "offsets.inc"

        section .text
        bits 64

%macro HELPER 1
        align 8
global %1
%1:
%endmacro

HELPER arch_local_irq_save
        pushfq
        pop rax
        cli
        ret
HELPER arch_local_irq_restore
        push rdi
        popfq
        ret
HELPER arch_local_save_flags
        pushfq
        pop rax
        ret
HELPER arch_cli
        cli
        ret
HELPER arch_sti
        sti
        ret
HELPER arch_hlt
        hlt
        ret
HELPER arch_sti_hlt
        sti
        hlt
        ret
HELPER arch_pause
        pause
        ret
HELPER arch_mfence
        mfence
        ret
HELPER arch_lfence
        lfence
        ret
HELPER arch_sfence
        sfence
        ret
HELPER arch_swapgs
        swapgs
        ret
HELPER arch_rdtsc
        rdtsc
        shl rdx, 32
        or rax, rdx
        ret
HELPER arch_inb
        mov edx, edi
        xor eax, eax
        in al, dx
        ret
HELPER arch_inw
        mov edx, edi
        xor eax, eax
        in ax, dx
        ret
HELPER arch_inl
        mov edx, edi
        in eax, dx
        ret
HELPER arch_outb
        mov edx, edi
        mov eax, esi
        out dx, al
        ret
HELPER arch_outw
        mov edx, edi
        mov eax, esi
        out dx, ax
        ret
HELPER arch_outl
        mov edx, edi
        mov eax, esi
        out dx, eax
        ret
; Mask and end of interrupt of an 8259A: (mask, command) with the lowest bytes of both. One call instead of two or three: what a caller wants to keep, it keeps once.
HELPER arch_ack_8259a_master
        mov eax, edi
        out 0x21, al
        mov eax, esi
        out 0x20, al
        ret
HELPER arch_ack_8259a_slave                     ; and the end of interrupt of line 2 of the master
        mov eax, edi
        out 0xa1, al
        mov eax, esi
        out 0xa0, al
        mov eax, 0x62
        out 0x20, al
        ret
HELPER arch_gs_load64
        mov rax, [gs:rdi]
        ret
HELPER arch_gs_load32
        mov eax, [gs:rdi]
        ret
HELPER arch_gs_store64
        mov [gs:rdi], rsi
        ret
HELPER arch_gs_store32
        mov [gs:rdi], esi
        ret
HELPER arch_gs_add32
        add [gs:rdi], esi
        ret
HELPER arch_gs_or32
        or [gs:rdi], esi
        ret
HELPER arch_gs_and32
        and [gs:rdi], esi
        ret
HELPER arch_read_cr0
        mov rax, cr0
        ret
HELPER arch_write_cr0
        mov cr0, rdi
        ret
HELPER arch_read_cr2
        mov rax, cr2
        ret
HELPER arch_read_cr3
        mov rax, cr3
        ret
HELPER arch_write_cr3
        mov cr3, rdi
        ret
HELPER arch_read_cr4
        mov rax, cr4
        ret
HELPER arch_write_cr4
        mov cr4, rdi
        ret
HELPER arch_invlpg
        invlpg [rdi]
        ret
HELPER arch_rdmsr
        mov ecx, edi
        rdmsr
        shl rdx, 32
        or rax, rdx
        ret
HELPER arch_wrmsr
        mov ecx, edi
        mov eax, esi
        mov rdx, rsi
        shr rdx, 32
        wrmsr
        ret
HELPER arch_cpuid
        push rbx
        mov r8, rdx
        mov eax, edi
        mov ecx, esi
        cpuid
        mov [r8], eax
        mov [r8 + 4], ebx
        mov [r8 + 8], ecx
        mov [r8 + 12], edx
        pop rbx
        ret
HELPER arch_lidt
        lidt [rdi]
        ret

; rdi = descriptor, esi = task state selector. Reloads every segment register; gs keeps its base, which lives in an MSR.
HELPER arch_load_gdt
        lgdt [rdi]
        mov eax, KERNEL_DS
        mov ds, eax
        mov es, eax
        mov ss, eax
        push KERNEL_CS
        lea rax, [rel .reload]
        push rax
        retfq
.reload:
        ltr si
        ret

HELPER arch_read_rsp
        lea rax, [rsp + 8]
        ret
HELPER arch_read_rbp
        mov rax, rbp
        ret

; rdi = destination, rsi = source, rdx = bytes. Forward copy.
HELPER arch_rep_movsb
        mov rcx, rdx
        rep movsb
        ret
; rdi = destination, esi = value, rdx = bytes.
HELPER arch_rep_stosb
        mov eax, esi
        mov rcx, rdx
        rep stosb
        ret

; What belongs to the running program: segment registers and the state of the floating-point unit.
HELPER arch_read_segments                       ; ds | es << 16 | fs << 32 | gs << 48
        mov eax, gs
        shl rax, 16
        mov ax, fs
        shl rax, 16
        mov ax, es
        shl rax, 16
        mov ax, ds
        ret
HELPER arch_load_ds
        mov ds, edi
        ret
HELPER arch_load_es
        mov es, edi
        ret
HELPER arch_load_fs
        mov fs, edi
        ret
HELPER arch_load_user_gs                        ; interrupts off: the kernel's base is away for a moment
        swapgs
        mov gs, edi
        swapgs
        ret
HELPER arch_fxsave
        fxsave64 [rdi]
        ret
HELPER arch_fxrstor
        fxrstor64 [rdi]
        ret
HELPER arch_xsave                               ; (area, features)
        mov eax, esi
        xor edx, edx
        xsave64 [rdi]
        ret
HELPER arch_xrstor
        mov eax, esi
        xor edx, edx
        xrstor64 [rdi]
        ret
HELPER arch_xsetbv                              ; (register, value)
        mov ecx, edi
        mov eax, esi
        xor edx, edx
        xsetbv
        ret
HELPER arch_fninit
        fninit
        ret

%ifdef DEBUG_CHECKS
; What Kernel/Trace/OffTracer.cs is told, with the place of the call: rdi = place, esi = what is added to preempt_count.
%macro WITH_PLACE 2
        extern %2
HELPER %1
        mov esi, edi
        mov rdi, [rsp]
        jmp %2
%endmacro
WITH_PLACE arch_trace_hardirqs_off, arch_hardirqs_off
WITH_PLACE arch_trace_hardirqs_on, arch_hardirqs_on
WITH_PLACE arch_trace_preempt_off, arch_preempt_off
WITH_PLACE arch_trace_preempt_on, arch_preempt_on
%endif

; Loads an empty interrupt table and faults: the last way to restart a machine.
HELPER arch_triple_fault
        push 0
        push 0
        lidt [rsp]
        int3

; int arch_recovery_call(void (*f)(void *), void *argument, RecoveryPoint *point): calls f(argument); the point holds what
; arch_recovery_resume needs to come back here from any depth. Gives 0 when f returned, else the code given to resume.
HELPER arch_recovery_call
        push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
        sub rsp, 8
        mov [rdx], rsp
        mov rax, rdi
        mov rdi, rsi
        call rax
        xor eax, eax
.out:   add rsp, 8
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        ret
; void arch_recovery_resume(RecoveryPoint *point, int code): does not return.
HELPER arch_recovery_resume
        mov rsp, [rdi]
        mov eax, esi
        jmp arch_recovery_call.out

; void arch_early_panic(byte *text, int length): before there is a console. Serial port by polling, VGA memory, stop.
HELPER arch_early_panic
        cli
        push rdi
        push rsi
        lea rdi, [rel text_early_panic]
        mov esi, text_early_panic_length
        call arch_early_write
        pop rsi
        pop rdi
        call arch_early_write
.stop:  hlt
        jmp .stop

; void arch_early_write(byte *text, int length): serial port 0x3f8 by polling, bounded wait.
HELPER arch_early_write
        test esi, esi
        jle .done
.next:  mov dx, 0x3fd
        mov ecx, 200000
.wait:  in al, dx
        test al, 0x20
        jnz .ready
        dec ecx
        jnz .wait
.ready: mov dx, 0x3f8
        mov al, [rdi]
        out dx, al
        inc rdi
        dec esi
        jnz .next
.done:  ret

; Runtime services that ilc's code asks for by name.
HELPER RhpStackProbe                            ; r11 = the new rsp: touch every page down to it; keeps every register
        push rax
        lea rax, [rsp + 8]
.page:  sub rax, 4096
        cmp rax, r11
        jb .last
        test [rax], eax
        jmp .page
.last:  test [r11], r11d
        pop rax
        ret

global __security_cookie
        section .data
        align 8
__security_cookie: dq 0x9d2f6ac35e71b804

        section .rodata
text_early_panic: db 13, 10, 'CSharpOS: early panic: '
text_early_panic_length equ $ - text_early_panic

; The linker's symbols as a table, in the order of Kernel/Arch/LinkerSymbols.cs.
%macro SYMBOLS 1-*
%rep %0
        extern %1
        dq %1
%rotate 1
%endrep
%endmacro
        align 8
linker_symbols:
        SYMBOLS __text_start, __text_end, __entry_text_start, __entry_text_end
        SYMBOLS __rodata_start, __rodata_end, __data_start, __data_end, __bss_start, __bss_end
        SYMBOLS __ksymtab_start, __ksymtab_end, __image_start, __image_end
        SYMBOLS __initcalls_start, __initcalls_end
        SYMBOLS init_stack_bottom, init_stack_top, irq_stack_bottom, irq_stack_top, exception_stacks
        SYMBOLS __test_suites_start, __test_suites_end, build_identifier, boot_per_cpu_area
        SYMBOLS __extable_start, __extable_end, __smap_start, __smap_end
        SYMBOLS __initramfs_start, __initramfs_end
        SYMBOLS __kexports_start, __kexports_end

        section .text
HELPER arch_linker_symbols
        lea rax, [rel linker_symbols]
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
