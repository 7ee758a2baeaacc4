; usertest32.asm: a program of 32 bits that tests what only such a program can see: int 0x80 from compatibility mode, the vsyscall page, thread-local storage
; by segment, signal frames of i386. Ends with 0, or with the number of the check that failed; 100 more in the second round.
;
; Every check that asks the kernel does so by `enter`: first int 0x80, then, in a second round, the entry that AT_SYSINFO names. Without that it ends with 99 after the first check.

        bits 32
        %include "sysinfo.inc"

NR_EXIT equ 1
NR_FORK equ 2
NR_WAITPID equ 7
NR_GETPID equ 20
NR_KILL equ 37
NR_PIPE equ 42
NR_SCHED_YIELD equ 158
NR_RT_SIGACTION equ 174
NR_SIGNAL equ 48
NR_SIGACTION equ 67
NR_SIGSUSPEND equ 72
NR_SIGPENDING equ 73
NR_SIGPROCMASK equ 126
NR_MREMAP equ 163
NR_READ equ 3
NR_WRITE equ 4
NR_CLOSE equ 6
NR_EVENTFD equ 323
NR_EVENTFD2 equ 328
EFD_SEMAPHORE equ 1
EFD_NONBLOCK equ 0x800
EAGAIN equ 11
EINTR equ 4
SIGKILL equ 9
SIG_DFL equ 0
SIG_BLOCK equ 0
SIG_UNBLOCK equ 1
NR_MMAP2 equ 192
NR_SET_THREAD_AREA equ 243
NR_TIMER_CREATE equ 259
NR_TIMER_SETTIME equ 260
NR_TIMER_GETTIME equ 261
NR_TIMER_GETOVERRUN equ 262
NR_TIMER_DELETE equ 263
CLOCK_MONOTONIC equ 1
SI_TIMER equ -2
SIGUSR1 equ 10
SA_SIGINFO equ 4
EFAULT equ 14
EINVAL equ 22
ENOSYS equ 38

; CHECK number, condition under which all is well
%macro CHECK 2
        mov dword [number], %1
        j%-2 fail
%endmacro

        section .text
global _start
_start:
        FIND_SYSINFO sysinfo

        mov dword [entry], by_int80
        cmp dword [sysinfo], 0
        jne .page
        call registers                          ; without the page a handler would need a way back of its own
        mov dword [number], 99
        jmp fail
.page:  call all
        mov eax, [sysinfo]
        mov [entry], eax
        add dword [base], 100                   ; the second round's numbers
        call all
        xor ebx, ebx
        jmp leave

by_int80:
        int 0x80
        ret

enter:  jmp [entry]

fail:   mov ebx, [number]
        add ebx, [base]
leave:  mov eax, NR_EXIT
        int 0x80

all:
        call registers
        call errors
        call six_arguments
        call thread_storage
        call signals
        call old_signals
        call posix_timer
        call move_memory
        call semaphore
        jmp children

; All registers but eax survive a call.
registers:
        mov eax, NR_GETPID
        int 0x80
        mov [pid], eax
        mov eax, NR_GETPID
        mov ebx, 0x11111111
        mov ecx, 0x22222222
        mov edx, 0x33333333
        mov esi, 0x44444444
        mov edi, 0x55555555
        mov ebp, 0x66666666
        mov [stack], esp
        call enter
        cmp eax, [pid]
        CHECK 1, e
        cmp ebx, 0x11111111
        CHECK 2, e
        cmp ecx, 0x22222222
        CHECK 3, e
        cmp edx, 0x33333333
        CHECK 4, e
        cmp esi, 0x44444444
        CHECK 5, e
        cmp edi, 0x55555555
        CHECK 6, e
        cmp ebp, 0x66666666
        CHECK 7, e
        cmp esp, [stack]
        CHECK 8, e
        ret

errors:
        mov eax, 9999
        call enter
        cmp eax, -ENOSYS
        CHECK 10, e
        mov eax, -1
        call enter
        cmp eax, -ENOSYS
        CHECK 11, e
        mov eax, NR_PIPE
        mov ebx, 0xf0000000
        call enter
        cmp eax, -EFAULT
        CHECK 12, e
        mov eax, NR_KILL
        mov ebx, [pid]
        mov ecx, 1000
        call enter
        cmp eax, -EINVAL
        CHECK 13, e
        ret

; The sixth argument: the page offset of an anonymous mapping does not matter, that of the fifth does.
six_arguments:
        mov eax, NR_MMAP2
        xor ebx, ebx
        mov ecx, 8192
        mov edx, 3                              ; read, write
        mov esi, 0x22                           ; private, anonymous
        mov edi, -1
        xor ebp, ebp
        call enter
        cmp eax, -4096
        CHECK 20, b
        mov dword [eax + 4096], 77
        cmp dword [eax + 4096], 77
        CHECK 21, e
        ret

; A segment of its own for the thread, which survives that others run.
thread_storage:
        mov dword [descriptor], -1
        mov dword [descriptor + 4], storage
        mov dword [descriptor + 8], 0xfffff
        mov dword [descriptor + 12], 0x51       ; 32 bits, limit in pages, useable
        mov eax, NR_SET_THREAD_AREA
        mov ebx, descriptor
        call enter
        test eax, eax
        CHECK 30, z
        mov eax, [descriptor]
        cmp eax, 12
        CHECK 31, ae
        lea eax, [eax * 8 + 3]
        mov gs, eax
        cmp dword [gs:0], 0x12345678
        CHECK 32, e
        mov eax, NR_SCHED_YIELD
        call enter
        cmp dword [gs:0], 0x12345678
        CHECK 33, e

        ; For the second round: the three places are not to run out.
        xor eax, eax
        mov gs, eax
        mov dword [descriptor + 4], 0
        mov dword [descriptor + 8], 0
        mov dword [descriptor + 12], 0x28       ; read-only, not present: free
        mov eax, NR_SET_THREAD_AREA
        mov ebx, descriptor
        call enter
        test eax, eax
        CHECK 34, z
        ret

; A handler without restorer, with both kinds of frame: the kernel's page has the way back.
signals:
        mov dword [count], 0
        mov dword [action], handler
        mov dword [action + 4], 0
        call strike
        cmp dword [count], 1
        CHECK 40, e
        mov dword [action], handler_with_info
        mov dword [action + 4], SA_SIGINFO
        call strike
        cmp dword [count], 2
        CHECK 41, e
        ret

strike:
        mov eax, NR_RT_SIGACTION
        mov ebx, SIGUSR1
        mov ecx, action
        xor edx, edx
        mov esi, 8
        call enter
        test eax, eax
        CHECK 42, z
        mov eax, NR_KILL
        mov ebx, [pid]
        mov ecx, SIGUSR1
        mov edx, 0x33333333
        mov esi, 0x44444444
        mov edi, 0x55555555
        mov ebp, 0x66666666
        fld1
        movaps xmm3, [pattern]
        call enter
        test eax, eax
        CHECK 43, z
        cmp ebx, [pid]
        CHECK 44, e
        cmp ecx, SIGUSR1
        CHECK 45, e
        cmp edx, 0x33333333
        CHECK 46, e
        cmp esi, 0x44444444
        CHECK 47, e
        cmp edi, 0x55555555
        CHECK 48, e
        cmp ebp, 0x66666666
        CHECK 49, e
        fistp dword [number]
        cmp dword [number], 1
        CHECK 50, e
        movaps [scratch], xmm3
        mov eax, [scratch + 8]
        cmp eax, [pattern + 8]
        CHECK 51, e
        ret

handler:
        cmp dword [esp + 4], SIGUSR1
        jne .wrong
        inc dword [count]
.wrong:
spoil:  mov ebx, 1
        mov ecx, 2
        mov edx, 3
        mov esi, 4
        mov edi, 5
        mov ebp, 6
        fninit
        pxor xmm3, xmm3
        ret

; (number, siginfo, context): both tell the number again.
handler_with_info:
        mov eax, [esp + 8]
        cmp dword [eax], SIGUSR1
        jne spoil
        cmp dword [esp + 12], 0
        je spoil
        inc dword [count]
        jmp spoil

; The calls of the first kernels: a handler for one signal, sets of 32 bits.
old_signals:
        mov dword [count], 0
        mov eax, NR_SIGNAL
        mov ebx, SIGUSR1
        mov ecx, handler
        call enter
        CHECK 70, ns
        call hit
        cmp dword [count], 1
        CHECK 71, e
        mov eax, NR_SIGNAL                      ; used up: the default stands there again
        mov ebx, SIGUSR1
        mov ecx, SIG_DFL
        call enter
        cmp eax, SIG_DFL
        CHECK 72, e
        mov eax, NR_SIGNAL
        mov ebx, SIGKILL
        mov ecx, handler
        call enter
        cmp eax, -EINVAL
        CHECK 73, e

        ; handler, mask, flags, restorer: one that stays, with its own way back.
        mov dword [action], handler
        mov dword [action + 4], 0x1000
        mov dword [action + 8], 0x04000000
        mov dword [action + 12], restorer
        mov eax, NR_SIGACTION
        mov ebx, SIGUSR1
        mov ecx, action
        xor edx, edx
        call enter
        test eax, eax
        CHECK 74, z
        call hit
        call hit
        cmp dword [count], 3
        CHECK 75, e
        mov dword [action], 0
        mov eax, NR_SIGACTION
        mov ebx, SIGUSR1
        xor ecx, ecx
        mov edx, action
        call enter
        cmp dword [action], handler
        CHECK 76, e
        cmp dword [action + 4], 0x1000
        CHECK 77, e
        cmp dword [action + 12], restorer
        CHECK 78, e
        mov eax, NR_SIGACTION
        mov ebx, SIGUSR1
        mov ecx, 8
        xor edx, edx
        call enter
        cmp eax, -EFAULT
        CHECK 79, e

        ; Blocked it waits; sigsuspend lets it through and blocks it again.
        mov dword [status], 1 << (SIGUSR1 - 1)
        mov eax, NR_SIGPROCMASK
        mov ebx, SIG_BLOCK
        mov ecx, status
        mov edx, scratch
        call enter
        test eax, eax
        CHECK 80, z
        cmp dword [scratch], 0
        CHECK 81, e
        call hit
        cmp dword [count], 3
        CHECK 82, e
        mov eax, NR_SIGPENDING
        mov ebx, scratch
        call enter
        cmp dword [scratch], 1 << (SIGUSR1 - 1)
        CHECK 83, e
        mov eax, NR_SIGSUSPEND
        xor ebx, ebx
        xor ecx, ecx
        xor edx, edx
        call enter
        cmp eax, -EINTR
        CHECK 84, e
        cmp dword [count], 4
        CHECK 85, e
        mov eax, NR_SIGPROCMASK
        mov ebx, SIG_UNBLOCK
        mov ecx, status
        mov edx, scratch
        call enter
        cmp dword [scratch], 1 << (SIGUSR1 - 1)
        CHECK 86, e
        mov eax, NR_SIGPROCMASK
        mov ebx, 9
        mov ecx, status
        xor edx, edx
        call enter
        cmp eax, -EINVAL
        CHECK 87, e
        ret

hit:    mov eax, NR_KILL
        mov ebx, [pid]
        mov ecx, SIGUSR1
        jmp enter

restorer:
        pop eax
        mov eax, 0x77
        int 0x80

; sigevent: value, signal, notify; itimerspec: interval, value; siginfo: signal, error, code, and of a timer its number, overruns and value.
posix_timer:
        mov dword [count], 0
        mov dword [action], timer_handler
        mov dword [action + 4], SA_SIGINFO
        mov dword [action + 8], 0
        mov dword [action + 12], 0
        mov dword [action + 16], 0
        mov eax, NR_RT_SIGACTION
        mov ebx, SIGUSR1
        mov ecx, action
        xor edx, edx
        mov esi, 8
        call enter
        test eax, eax
        CHECK 52, z
        mov dword [event], 0x89abcdef
        mov dword [event + 4], SIGUSR1
        mov dword [event + 8], 0
        mov dword [timer], -1
        mov eax, NR_TIMER_CREATE
        mov ebx, CLOCK_MONOTONIC
        mov ecx, event
        mov edx, timer
        call enter
        test eax, eax
        CHECK 53, z
        cmp dword [timer], 0
        CHECK 54, e
        mov dword [spec], 77                   ; every 77 s and 5 ns, the first time after 1 ms
        mov dword [spec + 4], 5
        mov dword [spec + 8], 0
        mov dword [spec + 12], 1000000
        mov eax, NR_TIMER_SETTIME
        mov ebx, [timer]
        xor ecx, ecx
        mov edx, spec
        mov esi, old_spec
        call enter
        test eax, eax
        CHECK 55, z
        mov eax, [old_spec]
        or eax, [old_spec + 4]
        or eax, [old_spec + 8]
        or eax, [old_spec + 12]
        CHECK 56, z
.wait:  mov eax, NR_SCHED_YIELD
        call enter
        cmp dword [count], 0
        je .wait
        cmp dword [count], 1                    ; the handler has found everything
        CHECK 57, e
        mov eax, NR_TIMER_GETTIME
        mov ebx, [timer]
        mov ecx, spec
        call enter
        test eax, eax
        CHECK 58, z
        cmp dword [spec], 77
        CHECK 59, e
        cmp dword [spec + 4], 5
        CHECK 62, e
        cmp dword [spec + 8], 78
        CHECK 63, b
        mov eax, NR_TIMER_GETOVERRUN
        mov ebx, [timer]
        call enter
        test eax, eax
        CHECK 64, z
        mov eax, NR_TIMER_SETTIME
        mov ebx, [timer]
        xor ecx, ecx
        mov edx, 8
        xor esi, esi
        call enter
        cmp eax, -EFAULT
        CHECK 65, e
        mov eax, NR_TIMER_CREATE
        mov ebx, CLOCK_MONOTONIC
        mov ecx, 8
        mov edx, timer
        call enter
        cmp eax, -EFAULT
        CHECK 66, e
        mov eax, NR_TIMER_DELETE
        mov ebx, [timer]
        call enter
        test eax, eax
        CHECK 67, z
        mov eax, NR_TIMER_DELETE
        mov ebx, [timer]
        call enter
        cmp eax, -EINVAL
        CHECK 68, e
        ret

; A wrong word counts for more than one signal.
timer_handler:
        mov eax, [esp + 8]
        cmp dword [eax], SIGUSR1
        jne .wrong
        cmp dword [eax + 8], SI_TIMER
        jne .wrong
        mov ecx, [timer]
        cmp [eax + 12], ecx
        jne .wrong
        cmp dword [eax + 16], 0
        jne .wrong
        cmp dword [eax + 20], 0x89abcdef
        jne .wrong
        inc dword [count]
        ret
.wrong: add dword [count], 100
        ret

; A mapping grows and keeps what it has.
move_memory:
        mov eax, NR_MMAP2
        xor ebx, ebx
        mov ecx, 4096
        mov edx, 3
        mov esi, 0x22
        mov edi, -1
        xor ebp, ebp
        call enter
        mov dword [eax], 0x77
        mov ebx, eax
        mov eax, NR_MREMAP
        mov ecx, 4096
        mov edx, 65536
        mov esi, 1                              ; may move
        xor edi, edi
        call enter
        cmp eax, -4096
        CHECK 90, b
        cmp dword [eax], 0x77
        CHECK 91, e
        mov dword [eax + 65532], 1
        ret

; A semaphore as a descriptor: two may be taken, a third not, until one has been given. A counter gives all at once, 64 bits wide.
semaphore:
        mov eax, NR_EVENTFD2
        mov ebx, 2
        mov ecx, EFD_SEMAPHORE | EFD_NONBLOCK
        call enter
        mov [semaphore_fd], eax
        cmp eax, -4096
        CHECK 92, b
        call take
        cmp eax, 8
        CHECK 93, e
        call take
        cmp eax, 8
        CHECK 94, e
        cmp dword [wide], 1
        CHECK 95, e
        call take
        cmp eax, -EAGAIN
        CHECK 96, e
        mov dword [wide], 1
        mov dword [wide + 4], 0
        call give
        cmp eax, 8
        CHECK 97, e
        mov eax, NR_READ
        mov ebx, [semaphore_fd]
        mov ecx, 0xf0000000
        mov edx, 8
        call enter
        cmp eax, -EFAULT
        CHECK 14, e
        call take
        cmp eax, 8
        CHECK 98, e
        call close_semaphore

        mov eax, NR_EVENTFD
        mov ebx, 0x80000000
        call enter
        mov [semaphore_fd], eax
        mov dword [wide], 0
        mov dword [wide + 4], 0x12345678
        call give
        call take
        cmp dword [wide], 0x80000000
        CHECK 15, e
        cmp dword [wide + 4], 0x12345678
        CHECK 16, e
close_semaphore:
        mov eax, NR_CLOSE
        mov ebx, [semaphore_fd]
        jmp enter

take:   mov eax, NR_READ
        jmp both
give:   mov eax, NR_WRITE
both:   mov ebx, [semaphore_fd]
        mov ecx, wide
        mov edx, 8
        jmp enter

children:
        mov eax, NR_FORK
        call enter
        test eax, eax
        jz .child
        mov ebx, eax
        mov [child], eax
        mov eax, NR_WAITPID
        mov ecx, status
        xor edx, edx
        call enter
        cmp eax, [child]
        CHECK 60, e
        cmp dword [status], 5 << 8
        CHECK 61, e
        ret
.child: mov ebx, 5
        mov eax, NR_EXIT
        call enter

        section .data align=16
pattern: dd 1, 2, 3, 4
storage: dd 0x12345678
sysinfo: dd 0
base:    dd 0
action:  dd 0, 0, 0, 0, 0

        section .bss align=16
scratch: resd 4
entry:   resd 1
number:  resd 1
pid:     resd 1
stack:   resd 1
count:   resd 1
child:   resd 1
status:  resd 1
descriptor: resd 4
semaphore_fd: resd 1
wide:    resd 2
event:   resd 16
timer:   resd 1
spec:    resd 4
old_spec: resd 4

        section .note.GNU-stack noalloc noexec nowrite progbits
