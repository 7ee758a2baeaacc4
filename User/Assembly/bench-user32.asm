; bench-user32.asm: what getpid costs a program of 32 bits, by int 0x80 and by the vsyscall page, in steps of the time stamp counter. The companion of
; bench-user, with the same form of lines: bench: KEY MINIMUM MEDIAN UNIT. Linux runs it too. Ends with 1 where the kernel names no vsyscall page.

        bits 32
        %include "sysinfo.inc"

NR_EXIT equ 1
NR_WRITE equ 4
NR_GETPID equ 20
CALLS equ 16
SAMPLES equ 101

; SAMPLE code...: runs the code CALLS times; in eax, what the counter has counted without what reading it costs.
%macro SAMPLE 1+
        call counter
        mov edi, eax
%rep CALLS
        mov eax, NR_GETPID
        %1
%endrep
        call counter
        sub eax, edi
        sub eax, [overhead]
%endmacro

        section .text
global _start
_start:
        FIND_SYSINFO sysinfo

        mov ecx, SAMPLES
        mov dword [overhead], -1
.empty: call counter
        mov edi, eax
        call counter
        sub eax, edi
        cmp eax, [overhead]
        jae .more
        mov [overhead], eax
.more:  loop .empty

        mov dword [sample], by_int80
        mov esi, int80_key
        mov edx, int80_key.length
        call measure
        mov ebx, 1
        cmp dword [sysinfo], 0
        je .leave
        mov dword [sample], by_vsyscall
        mov esi, vsyscall_key
        mov edx, vsyscall_key.length
        call measure
        xor ebx, ebx
.leave: mov eax, NR_EXIT
        int 0x80

by_int80:
        SAMPLE int 0x80
        ret

by_vsyscall:
        SAMPLE call [sysinfo]
        ret

; eax: the low half of the counter; a sample is short enough for it.
counter:
        push edx
        rdtsc
        pop edx
        ret

; Takes the samples, each put where it belongs among those before it, and writes the line that begins with the edx bytes at esi.
measure:
        push edx
        push esi
        xor ebp, ebp
.sample:
        call [sample]
        xor edx, edx
        mov ecx, CALLS
        div ecx
        mov ecx, ebp
.place: test ecx, ecx
        jz .placed
        mov edx, [samples + ecx * 4 - 4]
        cmp edx, eax
        jbe .placed
        mov [samples + ecx * 4], edx
        dec ecx
        jmp .place
.placed:
        mov [samples + ecx * 4], eax
        inc ebp
        cmp ebp, SAMPLES
        jb .sample

        mov edi, line
        pop esi
        pop ecx
        rep movsb
        mov eax, [samples]
        call number
        mov eax, [samples + SAMPLES / 2 * 4]
        call number
        mov esi, unit
        mov ecx, unit.length
        rep movsb
        mov eax, NR_WRITE
        mov ebx, 1
        mov ecx, line
        mov edx, edi
        sub edx, ecx
        int 0x80
        ret

; Writes eax and a blank at edi.
number:
        xor ecx, ecx
        mov ebx, 10
.digit: xor edx, edx
        div ebx
        add edx, '0'
        push edx
        inc ecx
        test eax, eax
        jnz .digit
.write: pop eax
        stosb
        loop .write
        mov al, ' '
        stosb
        ret

        section .rodata
int80_key: db "bench: getpid-int80-32 "
.length equ $ - int80_key
vsyscall_key: db "bench: getpid-vsyscall "
.length equ $ - vsyscall_key
unit:   db "instructions", 10
.length equ $ - unit

        section .bss
        alignb 4
sysinfo: resd 1
sample: resd 1
overhead: resd 1
samples: resd SAMPLES
line:   resb 128

        section .note.GNU-stack noalloc noexec nowrite progbits
