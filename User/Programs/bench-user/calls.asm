; calls.asm: the calls that bench-user counts: nothing but the number and the way in. System V calling convention.

        bits 64
        section .text
%macro FUNCTION 1
        align 8
global %1
%1:
%endmacro

; ulong bench_tsc(void)
FUNCTION bench_tsc
        rdtsc
        shl rdx, 32
        or rax, rdx
        ret

; ulong bench_int80(int number): the time stamp counter's steps of sixteen calls.
FUNCTION bench_int80
        push rbx
        mov esi, edi
        call bench_tsc
        mov rdi, rax
%rep 16
        mov eax, esi
        int 0x80
%endrep
        call bench_tsc
        sub rax, rdi
        pop rbx
        ret

; ulong bench_syscall(int number)
FUNCTION bench_syscall
        mov esi, edi
        call bench_tsc
        mov rdi, rax
%rep 16
        mov eax, esi
        syscall
%endrep
        call bench_tsc
        sub rax, rdi
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
