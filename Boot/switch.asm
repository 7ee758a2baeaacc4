; switch.asm: the switch between two tasks, and where a new one begins.

%include "offsets.inc"

extern arch_schedule_tail, arch_task_exit

        section .text
        bits 64

; TaskStruct *arch_switch_to(TaskStruct *previous, TaskStruct *next): returns on the stack of next, with previous as the result.
global arch_switch_to
        align 16
arch_switch_to:
        push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
        mov [rdi + TASK_SAVED_RSP], rsp
        mov rsp, [rsi + TASK_SAVED_RSP]
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        mov rax, rdi
        ret

; A new task arrives here from arch_switch_to: the task before it in rax, its function in r12, the argument in rbx.
        align 16
task_entry:
        mov rdi, rax
        call arch_schedule_tail
        mov rdi, rbx
        call r12
        mov edi, eax
        call arch_task_exit
        ud2

global arch_task_entry
arch_task_entry:
        lea rax, [rel task_entry]
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
