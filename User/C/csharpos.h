/* csharpos.h: system calls for programs in C, without a C library. The numbers __NR_name come from Kernel/Syscalls/syscalls.tbl, the list that the kernel
   and the programs in C# are built from.

   One line makes a function of a call, whose name, result and arguments it states:

       _syscall3(int, open, const char *, path, int, flags, int, mode)

   The kernel answers with a result or with minus an error number; the function turns the latter into -1 and errno. Build with
   gcc -m32 -ffreestanding -nostdlib -static. A file that defines CSHARPOS_PROGRAM before it includes this one gets _start, which calls main. */

#ifndef CSHARPOS_H
#define CSHARPOS_H

#include "syscall_numbers.h"

typedef unsigned int size_t;
typedef int ssize_t;

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define EBADF 9
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EEXIST 17
#define ENOTDIR 20
#define EISDIR 21
#define EINVAL 22
#define ENOSYS 38

static int errno;

static inline long __syscall_result(long result)
{
    if ((unsigned long)result >= -4095ul) {
        errno = -result;
        return -1;
    }
    return result;
}

#define _syscall0(type, name) \
static type name(void) \
{ \
    long __res; \
    __asm__ volatile ("int $0x80" : "=a" (__res) : "0" (__NR_##name) : "memory"); \
    return (type)__syscall_result(__res); \
}

#define _syscall1(type, name, type1, a1) \
static type name(type1 a1) \
{ \
    long __res; \
    __asm__ volatile ("int $0x80" : "=a" (__res) : "0" (__NR_##name), "b" ((long)(a1)) : "memory"); \
    return (type)__syscall_result(__res); \
}

#define _syscall2(type, name, type1, a1, type2, a2) \
static type name(type1 a1, type2 a2) \
{ \
    long __res; \
    __asm__ volatile ("int $0x80" : "=a" (__res) : "0" (__NR_##name), "b" ((long)(a1)), "c" ((long)(a2)) : "memory"); \
    return (type)__syscall_result(__res); \
}

#define _syscall3(type, name, type1, a1, type2, a2, type3, a3) \
static type name(type1 a1, type2 a2, type3 a3) \
{ \
    long __res; \
    __asm__ volatile ("int $0x80" : "=a" (__res) \
        : "0" (__NR_##name), "b" ((long)(a1)), "c" ((long)(a2)), "d" ((long)(a3)) : "memory"); \
    return (type)__syscall_result(__res); \
}

#define _syscall4(type, name, type1, a1, type2, a2, type3, a3, type4, a4) \
static type name(type1 a1, type2 a2, type3 a3, type4 a4) \
{ \
    long __res; \
    __asm__ volatile ("int $0x80" : "=a" (__res) \
        : "0" (__NR_##name), "b" ((long)(a1)), "c" ((long)(a2)), "d" ((long)(a3)), "S" ((long)(a4)) : "memory"); \
    return (type)__syscall_result(__res); \
}

#define _syscall5(type, name, type1, a1, type2, a2, type3, a3, type4, a4, type5, a5) \
static type name(type1 a1, type2 a2, type3 a3, type4 a4, type5 a5) \
{ \
    long __res; \
    __asm__ volatile ("int $0x80" : "=a" (__res) \
        : "0" (__NR_##name), "b" ((long)(a1)), "c" ((long)(a2)), "d" ((long)(a3)), "S" ((long)(a4)), "D" ((long)(a5)) : "memory"); \
    return (type)__syscall_result(__res); \
}

/* The sixth argument goes into ebp, which the compiler may need to find its variables: it is fetched before, over the stack. */
#define _syscall6(type, name, type1, a1, type2, a2, type3, a3, type4, a4, type5, a5, type6, a6) \
static type name(type1 a1, type2 a2, type3 a3, type4 a4, type5 a5, type6 a6) \
{ \
    long __res; \
    long __sixth = (long)(a6); \
    __asm__ volatile ("pushl %7; pushl %%ebp; movl 4(%%esp), %%ebp; int $0x80; popl %%ebp; addl $4, %%esp" : "=a" (__res) \
        : "0" (__NR_##name), "b" ((long)(a1)), "c" ((long)(a2)), "d" ((long)(a3)), "S" ((long)(a4)), "D" ((long)(a5)), "m" (__sixth) \
        : "memory"); \
    return (type)__syscall_result(__res); \
}

static inline size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

static inline const char *strerror(int error)
{
    switch (error) {
    case EPERM: return "Operation not permitted";
    case ENOENT: return "No such file or directory";
    case ESRCH: return "No such process";
    case EINTR: return "Interrupted system call";
    case EIO: return "Input/output error";
    case EBADF: return "Bad file descriptor";
    case ECHILD: return "No child processes";
    case EAGAIN: return "Resource temporarily unavailable";
    case ENOMEM: return "Cannot allocate memory";
    case EACCES: return "Permission denied";
    case EFAULT: return "Bad address";
    case EEXIST: return "File exists";
    case ENOTDIR: return "Not a directory";
    case EISDIR: return "Is a directory";
    case EINVAL: return "Invalid argument";
    case ENOSYS: return "Function not implemented";
    default: return "Unknown error";
    }
}

__attribute__((unused)) _syscall3(ssize_t, write, int, descriptor, const void *, bytes, size_t, count)
__attribute__((unused)) _syscall1(int, exit_group, int, status)

static inline void print(int descriptor, const char *text)
{
    write(descriptor, text, strlen(text));
}

static inline void perror(const char *what)
{
    const char *text = strerror(errno);
    print(2, what);
    print(2, ": ");
    print(2, text);
    print(2, "\n");
}

#ifdef CSHARPOS_PROGRAM
int main(int argc, char **argv, char **environment);

/* esp leads to argc; behind it argv, a null, the environment. */
__asm__ (".globl _start\n"
         "_start:\n"
         "    xorl %ebp, %ebp\n"
         "    movl %esp, %eax\n"
         "    andl $-16, %esp\n"
         "    subl $12, %esp\n"
         "    pushl %eax\n"
         "    call csharpos_start\n");

__attribute__((used, noreturn)) static void csharpos_start(int *stack)
{
    char **argv = (char **)(stack + 1);
    int status = main(stack[0], argv, argv + stack[0] + 1);
    for (;;)
        exit_group(status);
}
#endif

#endif
