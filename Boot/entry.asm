; entry.asm: the gates of the interrupt descriptor table.
;
; Every vector has a stub of its own, made by a macro loop. All of them leave the same frame, PtRegs in the order of Linux/x86-64, with
; the two vector registers that the compiler uses directly below it (it copies with one and clears with the other, anywhere; the build fails if it ever
; takes a third: tools/ImageTool/Patching/VectorRegisters.cs). Interrupt stubs push line - 256, so that orig_eax & 0xff is the
; line; exceptions without an error code push 0. Interrupts are off from the gate on.
;
; Two invariants that others rely on:
; - At every call into C# the word above the return address (at rsp after the return) is the address of PtRegs. The unwinder
;   (Kernel/Debug/Unwinder.cs) and gdb (tools/gdb) walk through these stubs by it.
; - rsp is 16-byte aligned at every call into C#. The CPU aligns the frame to 16 before it pushes: PtRegs (168 bytes) leaves rsp at
;   8 modulo 16, XMM_SAVE_SIZE (40) brings it back.
;
; These stubs keep no state in globals: the same code runs on every CPU.

%include "offsets.inc"

%define SMAP_CLAC 0xCA010F                      ; the bytes 0F 01 CA
%define SMAP_STAC 0xCB010F                      ; the bytes 0F 01 CB
%define ENOSYS 38
%define EFAULT 14
extern sys_call_table, sys_call_table_64, NR_SYSCALLS, NR_SYSCALLS_64
extern arch_fork_tail, arch_do_irq, arch_do_system_interrupt, arch_do_exception, arch_exit_to_user_mode
%ifdef PREEMPT
extern arch_preempt_schedule_irq
%endif

        section .smap progbits alloc noexec nowrite align=8
        section .extable progbits alloc noexec nowrite align=8
        section .text.entry progbits alloc exec nowrite align=64
        bits 64

global __entry_text_start, __entry_text_end
__entry_text_start:

; Completes PtRegs: expects orig_rax and, below it, rdi already pushed.
%macro SAVE_REGS 0
        push rsi
        push rdx
        push rcx
        push rax
        push r8
        push r9
        push r10
        push r11
        push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
%endmacro

%macro RESTORE_REGS 0
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        pop r11
        pop r10
        pop r9
        pop r8
        pop rax
        pop rcx
        pop rdx
        pop rsi
        pop rdi
        add rsp, 8                              ; orig_rax
%endmacro

%macro SAVE_XMM 0
        sub rsp, XMM_SAVE_SIZE
        movaps [rsp], xmm %+ KERNEL_XMM_FIRST
        movaps [rsp + 16], xmm %+ KERNEL_XMM_SECOND
%endmacro

%macro RESTORE_XMM 0
        movaps xmm %+ KERNEL_XMM_FIRST, [rsp]
        movaps xmm %+ KERNEL_XMM_SECOND, [rsp + 16]
        add rsp, XMM_SAVE_SIZE
%endmacro

; User code may have set the flag that lets the kernel touch its memory (SMAP): cleared at every entry. Three bytes of nothing, which
; Kernel/Arch/CpuFeatures.cs overwrites with the instruction where there is one.
%macro CLAC 0
%%here: nop dword [rax]
        section .smap
        dq %%here, SMAP_CLAC
        section .text.entry
%endmacro

; Back to user mode, interrupts off: is there something to do first - another task is more urgent, or a signal waits?
%macro EXIT_WORK 1
        cmp dword [gs:HOT_NO_RESCHEDULE], 0
        je %1
        mov rcx, [gs:HOT_CURRENT]
        cmp qword [rcx + TASK_PENDING_SIGNALS], 0
        jne %1
%endmacro

%macro CALL_EXIT_TO_USER 0
        lea rdi, [rsp + XMM_SAVE_SIZE]
        mov rbx, rsp
        push rdi
        push rdi
        call arch_exit_to_user_mode
        mov rsp, rbx
%endmacro

; And where the kernel is about to touch user memory.
%macro STAC 0
%%here: nop dword [rax]
        section .smap
        dq %%here, SMAP_STAC
        section .text.entry
%endmacro

; ---- interrupts: vectors 0x20-0xff, line = vector - 0x20; from FIRST_SYSTEM_VECTOR on the local APIC's own, the others devices' ----

%assign line 0
%rep 256 - FIRST_EXTERNAL_VECTOR
irq_stub_ %+ line:
        push line - 256
%if line + FIRST_EXTERNAL_VECTOR < FIRST_SYSTEM_VECTOR
        jmp near common_interrupt
%else
        jmp near system_interrupt
%endif
%assign line line + 1
%endrep

; Saves the registers, and calls C# with them on the interrupt stack.
%macro HANDLE_INTERRUPT 1
        push rdi
        SAVE_REGS
        cld
        CLAC
        test byte [rsp + PTREGS_CS], 3
        jz %%kernel_gs
        swapgs
%%kernel_gs:
        mov rdi, rsp                            ; PtRegs*
        SAVE_XMM
        mov rbx, rsp                            ; survives the call: restores the interrupted stack
%ifndef NO_IRQ_STACK
        inc dword [gs:HOT_IRQ_STACK_DEPTH]      ; -1 outside interrupts: only the first one switches stacks
        cmovz rsp, [gs:HOT_IRQ_STACK_TOP]
%endif
        push qword [gs:HOT_INTERRUPT_REGS]      ; those of the interrupt in which this one struck, or null; aligns too
        mov [gs:HOT_INTERRUPT_REGS], rdi
        push rdi                                ; the invariant
        call %1
        pop rdi
        pop qword [gs:HOT_INTERRUPT_REGS]
        mov rsp, rbx
%ifndef NO_IRQ_STACK
        dec dword [gs:HOT_IRQ_STACK_DEPTH]
%endif
%endmacro

        align 64
system_interrupt:
        HANDLE_INTERRUPT arch_do_system_interrupt
        jmp ret_from_intr

        align 64
common_interrupt:
        HANDLE_INTERRUPT arch_do_irq

global ret_from_intr
ret_from_intr:                                  ; rsp at the xmm registers, interrupts off
        test byte [rsp + XMM_SAVE_SIZE + PTREGS_CS], 3
        jnz .to_user
%ifdef PREEMPT
        cmp qword [gs:HOT_PREEMPT_COUNT], 0     ; and NoReschedule behind it: back to the kernel, and somebody more urgent waits
        je .preempt
.restore:
%endif
        RESTORE_XMM
        RESTORE_REGS
        iretq
%ifdef PREEMPT
.preempt:
        test dword [rsp + XMM_SAVE_SIZE + PTREGS_EFLAGS], 0x200
        jz .restore                             ; a fault with interrupts off: the code was not to be interrupted
        lea rdi, [rsp + XMM_SAVE_SIZE]
        mov rbx, rsp
        push rdi
        push rdi
        call arch_preempt_schedule_irq
        mov rsp, rbx
        jmp .restore
%endif
.to_user:
        EXIT_WORK .work
.leave: RESTORE_XMM
        swapgs
        RESTORE_REGS
        iretq
.work:  CALL_EXIT_TO_USER
        jmp .leave

; The one way into user mode for the first time: a forked child (from arch_switch_to, the task before it in rax) and a kernel thread that has
; executed a program. rsp at the xmm registers of the task's own PtRegs.
global ret_from_fork, arch_enter_user_mode
ret_from_fork:
        lea rcx, [rsp + XMM_SAVE_SIZE]
        mov rbx, rsp
        push rcx
        push rcx
        mov rdi, rax
        call arch_fork_tail
        mov rsp, rbx
        cli
        jmp ret_from_intr
arch_enter_user_mode:                           ; (PtRegs*)
        cli
        lea rsp, [rdi - XMM_SAVE_SIZE]
        jmp ret_from_intr
global arch_ret_from_fork
arch_ret_from_fork:
        lea rax, [rel ret_from_fork]
        ret

; ---- exceptions ----

; Stub of a vector; the second argument says whether the CPU pushes an error code.
%macro EXCEPTION 3
exception_stub_%1:
%if %2 == 0
        push 0
%endif
        push rdi
        mov edi, %1
        jmp near %3
%endmacro

        EXCEPTION 0, 0, common_exception
        EXCEPTION 1, 0, paranoid_exception      ; debug: own stack
        EXCEPTION 2, 0, paranoid_exception      ; NMI: own stack
        EXCEPTION 3, 0, common_exception
        EXCEPTION 4, 0, common_exception
        EXCEPTION 5, 0, common_exception
        EXCEPTION 6, 0, common_exception
        EXCEPTION 7, 0, common_exception
        EXCEPTION 8, 1, paranoid_exception      ; double fault: own stack
        EXCEPTION 9, 0, common_exception
        EXCEPTION 10, 1, common_exception
        EXCEPTION 11, 1, common_exception
        EXCEPTION 12, 1, common_exception
        EXCEPTION 13, 1, common_exception
        EXCEPTION 14, 1, common_exception
        EXCEPTION 15, 0, common_exception
        EXCEPTION 16, 0, common_exception
        EXCEPTION 17, 1, common_exception
        EXCEPTION 18, 0, paranoid_exception     ; machine check: own stack
        EXCEPTION 19, 0, common_exception
        EXCEPTION 20, 0, common_exception
        EXCEPTION 21, 1, common_exception
        EXCEPTION 22, 0, common_exception
        EXCEPTION 23, 0, common_exception
        EXCEPTION 24, 0, common_exception
        EXCEPTION 25, 0, common_exception
        EXCEPTION 26, 0, common_exception
        EXCEPTION 27, 0, common_exception
        EXCEPTION 28, 0, common_exception
        EXCEPTION 29, 1, common_exception
        EXCEPTION 30, 1, common_exception
        EXCEPTION 31, 0, common_exception

; Faults at instructions whose gs is known: the kernel's in kernel mode, the user's in user mode.
common_exception:
        SAVE_REGS
        cld
        CLAC
        test byte [rsp + PTREGS_CS], 3
        jz .kernel_gs
        swapgs
.kernel_gs:
        mov esi, edi                            ; vector
        mov rdi, rsp                            ; PtRegs*
        SAVE_XMM
        mov rbx, rsp
        push rdi
        push rdi
        call arch_do_exception
        mov rsp, rbx
        jmp ret_from_intr

; May strike anywhere, even between an entry and its swapgs: the sign of the gs base tells whose it is.
paranoid_exception:
        SAVE_REGS
        cld
        CLAC
        mov r12d, edi                           ; vector
        mov ecx, 0xc0000101
        rdmsr
        xor r13d, r13d                          ; 1: swapped here, swap back at the end
        test edx, edx
        js .kernel_gs
        swapgs
        inc r13d
.kernel_gs:
        mov rdi, rsp
        mov esi, r12d
        SAVE_XMM
        mov rbx, rsp
        push rdi
        push rdi
        call arch_do_exception
        mov rsp, rbx
        RESTORE_XMM
        test r13d, r13d
        jz .leave
        swapgs
.leave: RESTORE_REGS
        iretq

; ---- system calls ----
;
; The table holds a method for every number below its size, sys_ni_syscall in the holes (made from Kernel/Syscalls/syscalls.tbl). A method gets up to
; six arguments in the registers of a function call, runs with interrupts on, and gives the result.

; int 0x80, from 32-bit and from 64-bit programs: number in eax, arguments in ebx, ecx, edx, esi, edi, ebp, each 32 bits wide.
        align 64
global system_call
system_call:
        mov eax, eax
        push rax                                ; orig_rax: the number
        push rdi
        SAVE_REGS
        cld
        CLAC
        swapgs
        SAVE_XMM
        lea r10, [rsp + XMM_SAVE_SIZE]          ; PtRegs*, the invariant
        sti
        mov r11d, esi
        mov r8d, edi                            ; fifth
        mov edi, ebx                            ; first
        mov esi, ecx                            ; second
        mov edx, edx                            ; third
        mov ecx, r11d                           ; fourth
        mov r9d, ebp                            ; sixth
        cmp eax, NR_SYSCALLS
        jae .no_such_call
        push r10
        push r10
        call [sys_call_table + rax * 8]
        add rsp, 16
.result:
        mov [rsp + XMM_SAVE_SIZE + PTREGS_RAX], rax
        cli
        EXIT_WORK .work
.leave: RESTORE_XMM
        swapgs
        RESTORE_REGS
        iretq
.work:  CALL_EXIT_TO_USER
        jmp .leave
.no_such_call:
        mov rax, -ENOSYS
        jmp .result

; The instruction syscall, from 64-bit programs: number in rax, arguments in rdi, rsi, rdx, r10, r8, r9. The processor has put rip into rcx, the
; flags into r11, and masked interrupts off; rsp is still the user's.
        align 64
global system_call_64
system_call_64:
        swapgs
        mov [gs:HOT_USER_RSP], rsp
        mov rsp, [gs:HOT_KERNEL_STACK_TOP]
        push USER_DS
        push qword [gs:HOT_USER_RSP]
        push r11
        push USER_CS
        push rcx
        push rax
        push rdi
        SAVE_REGS
        SAVE_XMM
        lea rcx, [rsp + XMM_SAVE_SIZE]
        sti
        cmp rax, NR_SYSCALLS_64
        jae .no_such_call
        push rcx
        push rcx
        mov rcx, r10
        call [sys_call_table_64 + rax * 8]
        add rsp, 16
.result:
        mov [rsp + XMM_SAVE_SIZE + PTREGS_RAX], rax
        cli
        EXIT_WORK .work
        ; sysret takes rip from rcx and the flags from r11: only if the call has left them so. (Executing a program and returning from a signal
        ; handler have not. The address was valid when the processor put it there: nothing is mapped on the last page of the user half.)
        mov rcx, [rsp + XMM_SAVE_SIZE + PTREGS_RIP]
        mov r11, [rsp + XMM_SAVE_SIZE + PTREGS_EFLAGS]
        cmp rcx, [rsp + XMM_SAVE_SIZE + PTREGS_RCX]
        jne .by_iret
        cmp r11, [rsp + XMM_SAVE_SIZE + PTREGS_R11]
        jne .by_iret
        cmp qword [rsp + XMM_SAVE_SIZE + PTREGS_CS], USER_CS
        jne .by_iret
        RESTORE_XMM
        swapgs
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        add rsp, 8                              ; r11
        pop r10
        pop r9
        pop r8
        pop rax
        add rsp, 8                              ; rcx
        pop rdx
        pop rsi
        pop rdi
        mov rsp, [rsp + 32]                     ; over orig_rax, rip, cs, flags
        o64 sysret
.work:  CALL_EXIT_TO_USER
.by_iret:
        RESTORE_XMM
        swapgs
        RESTORE_REGS
        iretq
.no_such_call:
        mov rax, -ENOSYS
        jmp .result

; The fast entries of 32-bit programs, reached through the vsyscall page (Kernel/Exec/VsyscallPage.cs), with the numbers of int 0x80. Arguments in
; ebx, ecx, edx, esi, edi and, on the user's stack, the sixth. They leave by iret: all registers of the program come back as they were saved.

; Expects the frame up to rip pushed. First argument of the macro: the register that holds the second argument of the call; second: that with the stack.
%macro COMPAT_CALL 2
        mov eax, eax
        push rax
        push rdi
        SAVE_REGS
        SAVE_XMM
        mov r9d, %2
        STAC
%%load: mov r9d, [r9]                           ; the sixth argument lies where the stack pointer was
        CLAC
        section .extable
        dq %%load, %%fault
        section .text.entry
        lea r10, [rsp + XMM_SAVE_SIZE]
        sti
        mov r11d, esi
        mov esi, %1
        mov r8d, edi
        mov edi, ebx
        mov edx, edx
        mov ecx, r11d
        cmp eax, NR_SYSCALLS
        jae system_call.no_such_call
        push r10
        push r10
        call [sys_call_table + rax * 8]
        add rsp, 16
        jmp system_call.result
%%fault:
        CLAC
        sti
        mov rax, -EFAULT
        jmp system_call.result
%endmacro

; syscall in 32-bit code (AMD): eip in rcx, flags in r11; the program has put ecx into ebp.
        align 64
system_call_compat:
        swapgs
        mov [gs:HOT_USER_RSP], rsp
        mov rsp, [gs:HOT_KERNEL_STACK_TOP]
        push USER_DS
        push qword [gs:HOT_USER_RSP]
        push r11
        push USER32_CS
        push rcx
        mov rcx, rbp
        COMPAT_CALL ebp, [gs:HOT_USER_RSP]

; sysenter (Intel): nothing is saved by the processor. The program has put esp into ebp; it goes on at a fixed address of the page. Of the flags only
; the interrupt flag has been cleared.
        align 64
system_call_enter:
        swapgs
        mov rsp, [gs:HOT_KERNEL_STACK_TOP]
        mov ebp, ebp
        push USER_DS
        push rbp
        pushfq
        push 2
        popfq
        or qword [rsp], 0x200
        push USER32_CS
        mov [gs:HOT_USER_RSP], rdi
        mov edi, SYSENTER_RETURN
        push rdi
        mov rdi, [gs:HOT_USER_RSP]
        COMPAT_CALL ecx, ebp

__entry_text_end:

        section .rodata
        align 8
; The address of every stub by vector, for Kernel/Arch/Idt.cs.
entry_table:
%assign vector 0
%rep 32
        dq exception_stub_ %+ vector
%assign vector vector + 1
%endrep
%assign line 0
%rep 256 - FIRST_EXTERNAL_VECTOR
%if line + FIRST_EXTERNAL_VECTOR == SYSCALL_VECTOR
        dq system_call
%else
        dq irq_stub_ %+ line
%endif
%assign line line + 1
%endrep

        section .text
global arch_system_call_enter
arch_system_call_enter:
        lea rax, [rel system_call_enter]
        ret
global arch_system_call_compat
arch_system_call_compat:
        lea rax, [rel system_call_compat]
        ret
global arch_system_call_64
arch_system_call_64:
        lea rax, [rel system_call_64]
        ret
global arch_entry_table
arch_entry_table:
        lea rax, [rel entry_table]
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
