; calls.asm: what usertest does that C# cannot say. System V calling convention.

        bits 64
        default rel
        section .text
%macro FUNCTION 1
        align 8
global %1
%1:
%endmacro

%macro KEEP 0
        push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
%endmacro

%macro GIVE_BACK 0
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        ret
%endmacro

; Every register but rsp, rdi and rax gets a value of its own; xmm0-15 those at pattern.
%macro FILL 0
%assign i 0
%rep 16
        movups xmm %+ i, [pattern + i * 16]
%assign i i + 1
%endrep
        mov rbx, 0x1111111111111101
        mov rcx, 0x1111111111111102
        mov rdx, 0x1111111111111103
        mov rsi, 0x1111111111111104
        mov rbp, 0x1111111111111105
        mov r8, 0x1111111111111106
        mov r9, 0x1111111111111107
        mov r10, 0x1111111111111108
        mov r11, 0x1111111111111109
        mov r12, 0x111111111111110a
        mov r13, 0x111111111111110b
        mov r14, 0x111111111111110c
        mov r15, 0x111111111111110d
%endmacro

; All of them into the block whose address is on the stack: rax, rdi, the others in the order above, then xmm0-15.
%macro STORE 0
        push rdi
        mov rdi, [rsp + 8]
        mov [rdi], rax
        pop rax
        mov [rdi + 8], rax
        mov [rdi + 16], rbx
        mov [rdi + 24], rcx
        mov [rdi + 32], rdx
        mov [rdi + 40], rsi
        mov [rdi + 48], rbp
        mov [rdi + 56], r8
        mov [rdi + 64], r9
        mov [rdi + 72], r10
        mov [rdi + 80], r11
        mov [rdi + 88], r12
        mov [rdi + 96], r13
        mov [rdi + 104], r14
        mov [rdi + 112], r15
%assign i 0
%rep 16
        movups [rdi + 120 + i * 16], xmm %+ i
%assign i i + 1
%endrep
%endmacro

; void ut_registers_int80(ulong *block, ulong rax): int 0x80 with that rax; the registers afterwards.
FUNCTION ut_registers_int80
        KEEP
        push rdi
        mov rax, rsi
        FILL
        mov rdi, 0x111111111111110e
        int 0x80
        STORE
        pop rdi
        GIVE_BACK

; void ut_registers_syscall(ulong *block, ulong rax)
FUNCTION ut_registers_syscall
        KEEP
        push rdi
        mov rax, rsi
        FILL
        mov rdi, 0x111111111111110e
        syscall
        STORE
        pop rdi
        GIVE_BACK

; void ut_registers_signal(ulong *block, int pid, int signal): kill by syscall; the handler may spoil what it likes. st0 and st1 behind xmm15.
FUNCTION ut_registers_signal
        KEEP
        push rdi
        mov eax, esi
        mov [scratch], rax
        mov [scratch + 8], rdx
        fninit
        fldpi
        fild qword [number]
        FILL
        mov rdi, [scratch]
        mov rsi, [scratch + 8]
        mov eax, 62
        syscall
        STORE
        fistp qword [rdi + 376]
        fldpi
        fcomip st1
        sete al
        setnp cl
        and al, cl
        movzx eax, al
        mov [rdi + 384], rax
        fninit
        pop rdi
        GIVE_BACK

; void ut_spoil(void): a handler's worst.
FUNCTION ut_spoil
        fninit
        fldz
        fldz
        fldz
%assign i 0
%rep 16
        pcmpeqd xmm %+ i, xmm %+ i
%assign i i + 1
%endrep
        xor eax, eax
        xor ecx, ecx
        xor edx, edx
        xor esi, esi
        xor edi, edi
        xor r8, r8
        xor r9, r9
        xor r10, r10
        xor r11, r11
        ret

; ulong ut_pattern(int index): what FILL puts into the xmm registers, in words of 8 bytes.
FUNCTION ut_pattern
        movsxd rdi, edi
        lea rax, [pattern]
        mov rax, [rax + rdi * 8]
        ret

; int ut_compute(ulong seed, int rounds): counts in xmm0-15 and st0 and gives the processor away after each step; 0 if all is right.
FUNCTION ut_compute
        KEEP
        sub rsp, 24
        mov r12, rdi
        mov r13d, esi
        mov r14d, esi
        mov [rsp], rdi
        fninit
        fild qword [rsp]
%assign i 0
%rep 16
        lea rax, [r12 + i]
        movq xmm %+ i, rax
        punpcklqdq xmm %+ i, xmm %+ i
%assign i i + 1
%endrep
.round: mov eax, 24                             ; sched_yield
        syscall
        fld1
        faddp
%assign i 0
%rep 16
        paddq xmm %+ i, [ones]
%assign i i + 1
%endrep
        dec r13d
        jnz .round
        add r12, r14
        mov ebx, 1
        fistp qword [rsp]
        cmp [rsp], r12
        jne .end
%assign i 0
%rep 16
        lea rcx, [r12 + i]
        movups [rsp], xmm %+ i
        mov ebx, 2 + i
        cmp [rsp], rcx
        jne .end
        cmp [rsp + 8], rcx
        jne .end
%assign i i + 1
%endrep
        xor ebx, ebx
.end:   mov eax, ebx
        add rsp, 24
        GIVE_BACK

; void ut_spin(void): counts in rcx, for ever and without a system call.
FUNCTION ut_spin
        xor ecx, ecx
.loop:  inc rcx
        jmp .loop

; ulong ut_read_flags(void)
FUNCTION ut_read_flags
        pushf
        pop rax
        ret

; int ut_has_avx(void): the processor has the instructions and the kernel keeps the registers.
FUNCTION ut_has_avx
        push rbx
        mov eax, 1
        xor ecx, ecx
        cpuid
        xor eax, eax
        and ecx, 0x18000000                     ; OSXSAVE, AVX
        cmp ecx, 0x18000000
        jne .end
        xor ecx, ecx
        xgetbv
        and eax, 6
        cmp eax, 6
        sete al
        movzx eax, al
.end:   pop rbx
        ret

; int ut_compute_avx(ulong seed, int rounds): the upper halves of ymm0-15 keep a value of this process while others run; MXCSR too. 0 if all is right.
FUNCTION ut_compute_avx
        KEEP
        sub rsp, 40
        mov r12, rdi
        mov r13d, esi
        mov [rsp], rdi
        mov [rsp + 8], rdi
        mov [rsp + 16], rdi
        mov [rsp + 24], rdi
%assign i 0
%rep 16
        inc qword [rsp + 16]
        vmovups ymm %+ i, [rsp]
%assign i i + 1
%endrep
        mov ecx, r12d
        and ecx, 3                              ; the rounding mode of this process
        shl ecx, 13
        or ecx, 0x1f80
        mov r15d, ecx
        mov [rsp], ecx
        ldmxcsr [rsp]
.round: mov eax, 24                             ; sched_yield
        syscall
        dec r13d
        jnz .round
%assign i 0
%rep 16
        inc r12
        vmovups [rsp], ymm %+ i
        mov ebx, 1 + i
        cmp [rsp + 16], r12
        jne .end
%assign i i + 1
%endrep
        stmxcsr [rsp]
        mov ebx, 17
        mov eax, [rsp]
        and eax, 0x7f80
        cmp eax, r15d
        jne .end
        xor ebx, ebx
.end:   vzeroupper
        mov dword [rsp], 0x1f80
        ldmxcsr [rsp]
        mov eax, ebx
        add rsp, 40
        GIVE_BACK

; Faults.
FUNCTION ut_cli
        cli
        ret
FUNCTION ut_sti
        sti
        ret
FUNCTION ut_hlt
        hlt
        ret
FUNCTION ut_in
        in al, 0x60
        ret
FUNCTION ut_out
        mov al, 0xfe
        out 0x64, al
        ret
FUNCTION ut_int3
        int3
        ret
FUNCTION ut_int81
        int 0x81
        ret
FUNCTION ut_int20
        int 0x20
        ret
FUNCTION ut_int8
        int 8
        ret
FUNCTION ut_int14
        int 14
        ret
FUNCTION ut_ud2
        ud2
        ret
FUNCTION ut_divide
        xor edx, edx
        mov eax, 1
        xor ecx, ecx
        div ecx
        ret
FUNCTION ut_cr3
        mov rax, cr3
        ret
FUNCTION ut_wrmsr
        mov ecx, 0xc0000082
        wrmsr
        ret
FUNCTION ut_lgdt
        lgdt [pattern]
        ret
FUNCTION ut_sgdt
        sub rsp, 24
        sgdt [rsp]
        add rsp, 24
        ret
; int ut_has_umip(void): the processor can keep programs from instructions that tell where the kernel's tables are.
FUNCTION ut_has_umip
        push rbx
        xor eax, eax
        cpuid
        cmp eax, 7
        mov eax, 0
        jb .end
        mov eax, 7
        xor ecx, ecx
        cpuid
        mov eax, ecx
        shr eax, 2
        and eax, 1
.end:   pop rbx
        ret
FUNCTION ut_swapgs
        swapgs
        ret
FUNCTION ut_x87
        sub rsp, 8
        fninit
        mov word [rsp], 0x37b                   ; division by zero not masked
        fldcw [rsp]
        fldz
        fld1
        fdivrp
        fwait
        add rsp, 8
        ret
FUNCTION ut_trap_flag
        pushf
        or qword [rsp], 0x100
        popf
        nop
        ret
FUNCTION ut_trap_flag_int80
        mov eax, 20
        pushf
        or qword [rsp], 0x100
        popf
        int 0x80
        ret
FUNCTION ut_trap_flag_syscall
        mov eax, 39
        pushf
        or qword [rsp], 0x100
        popf
        syscall
        ret
FUNCTION ut_noncanonical_stack
        mov rax, rsp
        mov rcx, 0x8000000000000000
        mov rsp, rcx
        push rax
        ret
FUNCTION ut_kernel_selector
        mov eax, 0x10
        mov ss, ax
        ret
FUNCTION ut_overflow
        push rax
        jmp ut_overflow
FUNCTION ut_load                                ; (address)
        mov rax, [rdi]
        ret
FUNCTION ut_load_fs                             ; (offset): in fs
        mov rax, [fs:rdi]
        ret
FUNCTION ut_store                               ; (address, value)
        mov [rdi], rsi
        ret
FUNCTION ut_jump                                ; (address)
        jmp rdi

; int ut_flags(ulong flags, int number): a call by syscall and one by int 0x80 with these flags set; the last result.
FUNCTION ut_flags
        push rbx
        mov ebx, esi
        push rdi
        pushf
        pop rax
        or [rsp], rax
        popf
        mov eax, 39
        syscall
        mov eax, ebx
        int 0x80
        push 0x202
        popf
        pop rbx
        ret

; long ut_sigreturn(void *frame): rt_sigreturn with that stack, which is what a handler's return does.
FUNCTION ut_sigreturn
        lea rsp, [rdi + 8]
        mov eax, 15
        syscall
        ud2

; int ut_vfork(int *word, int value): the child writes the word and ends with status 7.
FUNCTION ut_vfork
        mov r8, rdi
        mov r9d, esi
        mov eax, 58
        syscall
        test rax, rax
        jnz .parent
        mov [r8], r9d
        mov edi, 7
        mov eax, 231
        syscall
        ud2
.parent:
        ret

; int ut_clone(int flags, void *stackTop, int *tid, function, argument): the thread calls the function and ends. parent_tid and child_tid are the same word.
FUNCTION ut_clone
        sub rsi, 16
        mov [rsi], rcx
        mov [rsi + 8], r8
        mov r10, rdx
        xor r8d, r8d
        movsxd rdi, edi
        mov eax, 56
        syscall
        test rax, rax
        jnz .parent
        xor ebp, ebp
        pop rax
        pop rdi
        call rax
        xor edi, edi
        mov eax, 60
        syscall
        ud2
.parent:
        ret

        section .rodata
        align 16
ones:   dq 1, 1
pattern:
%assign i 0
%rep 32
        dq 0x0102030405060708 * (i + 1)
%assign i i + 1
%endrep
number: dq 123456789012345

        section .bss
        align 16
scratch: resq 4

        section .note.GNU-stack noalloc noexec nowrite progbits
