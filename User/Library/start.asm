; start.asm: where a user program begins, and the instructions that C# cannot say. System V calling convention.
;
; The kernel enters _start with rsp at argc; behind it argv, a null, envp, a null, the auxiliary vector. The book's int 0x80 takes its
; arguments in ebx, ecx, edx, esi, edi, ebp; the instruction syscall in rdi, rsi, rdx, r10, r8, r9 (it destroys rcx and r11).

        bits 64
        default rel

        extern runtime_startup, __managed__Main, user_exit

        section .text
%macro FUNCTION 1
        align 8
global %1
%1:
%endmacro

FUNCTION _start
        xor ebp, ebp
        mov rbx, rsp
        mov [initial_stack], rbx
        and rsp, -16
        call runtime_startup
        mov rdi, [rbx]
        lea rsi, [rbx + 8]
        call __managed__Main
        mov edi, eax
        call user_exit
        ud2

; nuint *user_initial_stack(void): where argc lies.
FUNCTION user_initial_stack
        mov rax, [initial_stack]
        ret

; long user_int80(long number, a1, a2, a3, a4, a5, a6): the result zero-extended, as the kernel left it in eax.
FUNCTION user_int80
        push rbx
        push rbp
        mov eax, edi
        mov ebx, esi
        xchg edx, ecx
        mov esi, r8d
        mov edi, r9d
        mov ebp, [rsp + 24]
        int 0x80
        mov eax, eax
        pop rbp
        pop rbx
        ret

; uint user_int80_3(long number, a1, a2, a3): the same for the calls with three arguments or fewer, which are most.
FUNCTION user_int80_3
        push rbx
        mov eax, edi
        mov ebx, esi
        xchg edx, ecx
        int 0x80
        pop rbx
        ret

; long user_syscall(long number, a1, a2, a3, a4, a5, a6): the 64-bit entry.
FUNCTION user_syscall
        mov rax, rdi
        mov rdi, rsi
        mov rsi, rdx
        mov rdx, rcx
        mov r10, r8
        mov r8, r9
        mov r9, [rsp + 8]
        syscall
        ret

; Where a signal handler returns to. Code of 64 bits gets a frame of 64 bits, whichever entry asked for the handler.
FUNCTION user_signal_return
        mov eax, 15                             ; rt_sigreturn
        syscall

; void arch_rep_movsb(to, from, bytes), void arch_rep_stosb(to, value, bytes)
FUNCTION arch_rep_movsb
        mov rcx, rdx
        rep movsb
        ret
FUNCTION arch_rep_stosb
        mov eax, esi
        mov rcx, rdx
        rep stosb
        ret

; r11 = the new rsp of a big frame: touch every page down to it; keeps every register.
FUNCTION RhpStackProbe
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

; Copies one reference inside a struct: rdi = to, rsi = from, both moved on; may only use rax and rcx.
FUNCTION RhpByRefAssignRef
        mov rcx, [rsi]
        mov [rdi], rcx
        add rsi, 8
        add rdi, 8
        ret

        section .data
        align 8
global __security_cookie
__security_cookie: dq 0x5bd1e995a7c3f42d
global RhpTrapThreads
RhpTrapThreads: dd 0

        section .bss
        align 8
initial_stack: resq 1

        section .note.GNU-stack noalloc noexec nowrite progbits
