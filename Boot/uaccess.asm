; uaccess.asm: the instructions that touch user memory, and where each goes on if it faults.
;
; Called by Kernel/Arch/UserCopy.cs after access_ok, in process context. A fault that cannot be served continues at the address that the exception
; table names beside the instruction. With SMAP the flag AC is set exactly while user memory is touched: the bytes of STAC and CLAC are put in
; at boot (Kernel/Arch/CpuFeatures.cs).

%include "offsets.inc"

        section .smap progbits alloc noexec nowrite align=8
        section .extable progbits alloc noexec nowrite align=8
        section .text
        bits 64

%macro SMAP 1
%%here: nop dword [rax]
        section .smap
        dq %%here, %1
        section .text
%endmacro
%define STAC SMAP 0xCB010F
%define CLAC SMAP 0xCA010F

; FAULT at, then: the exception table.
%macro FAULT 2
        section .extable
        dq %1, %2
        section .text
%endmacro

; nuint arch_user_copy(void *to, void *from, nuint count): either may be the user's. Gives how many bytes were not copied.
global arch_user_copy
        align 16
arch_user_copy:
        STAC
        mov rcx, rdx
        and edx, 7
        shr rcx, 3
        jz .rest
.words: rep movsq
.rest:  mov ecx, edx
.bytes: rep movsb
        mov rax, rcx
.done:  CLAC
        ret
.words_fault:                                   ; byte by byte, up to the very one
        lea rdx, [rdx + rcx * 8]
        mov rcx, rdx
        jmp .bytes
.bytes_fault:
        mov rax, rcx
        jmp .done
        FAULT .words, .words_fault
        FAULT .bytes, .bytes_fault

; nuint arch_user_clear(void *to, nuint count): zeroes. Gives how many bytes were not zeroed.
global arch_user_clear
        align 16
arch_user_clear:
        STAC
        mov rcx, rsi
        xor eax, eax
.bytes: rep stosb
.fault: mov rax, rcx
        CLAC
        ret
        FAULT .bytes, .fault

; nint arch_user_string(byte *to, byte *from, nint count): copies up to and with a zero byte. Gives the length without it, count if there was
; none, -EFAULT.
global arch_user_string
        align 16
arch_user_string:
        STAC
        xor eax, eax
.next:  cmp rax, rdx
        je .done
.load:  mov cl, [rsi + rax]
        mov [rdi + rax], cl
        test cl, cl
        jz .done
        inc rax
        jmp .next
.fault: mov rax, -14
.done:  CLAC
        ret
        FAULT .load, .fault

; int arch_user_load32(uint *address, uint *value): one word in one access, for futexes. 0 or -EFAULT.
global arch_user_load32
        align 16
arch_user_load32:
        STAC
        xor eax, eax
.load:  mov ecx, [rdi]
        mov [rsi], ecx
.done:  CLAC
        ret
.fault: mov eax, -14
        jmp .done
        FAULT .load, .fault

        section .note.GNU-stack noalloc noexec nowrite progbits
