/* examples.c: the book's three calls from C, and one call with each number of arguments. The exit status is the number of the check that failed, 0 for none. */

#define CSHARPOS_PROGRAM
#include "csharpos.h"

_syscall0(int, foo)
_syscall0(int, am_i_popular)
_syscall1(int, setuid32, int, user)
_syscall1(int, close, int, descriptor)
_syscall2(int, kill, int, pid, int, signal)
_syscall3(int, silly_copy, unsigned long long *, source, unsigned long long *, destination, unsigned long, length)
_syscall4(int, rt_sigprocmask, int, how, const void *, set, void *, old, size_t, size)
_syscall5(int, _llseek, int, descriptor, unsigned, high, unsigned, low, void *, result, int, whence)
_syscall6(void *, mmap2, void *, address, size_t, length, int, protection, int, flags, int, descriptor, unsigned, page)

#define CHECK(number, condition) do { if (!(condition)) return number; } while (0)

static void print_number(int number)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;

    *at = 0;
    do
        *--at = '0' + number % 10;
    while (number /= 10);
    print(1, at);
}

int main(int argc, char **argv, char **environment)
{
    unsigned long long source = 0x0123456789abcdefull;
    unsigned long long destination = 0;
    unsigned long long mask;
    volatile char *memory;
    int size = foo();

    CHECK(1, size > 0);
    print(1, "The kernel stack size is ");
    print_number(size);
    print(1, "\n");
    CHECK(2, silly_copy(&source, &destination, 8) == 8 && destination == source);
    CHECK(3, silly_copy(&source, &destination, 4) == -1 && errno == EINVAL);
    CHECK(4, silly_copy(&source, (void *)8, 8) == -1 && errno == EFAULT);
    CHECK(5, silly_copy((void *)8, &destination, 8) == -1 && errno == EFAULT);
    CHECK(6, close(77) == -1 && errno == EBADF);
    CHECK(7, kill(12345678, 0) == -1 && errno == ESRCH);
    CHECK(8, rt_sigprocmask(0, 0, &mask, 8) == 0 && mask == 0);
    CHECK(9, rt_sigprocmask(0, 0, &mask, 4) == -1 && errno == EINVAL);
    CHECK(10, _llseek(77, 0, 0, &mask, 0) == -1 && errno == EBADF);
    memory = mmap2(0, 4096, 3, 0x22, -1, 0);
    CHECK(11, memory != (void *)-1);
    memory[4095] = 1;
    CHECK(12, am_i_popular() == 0);
    CHECK(13, setuid32(1000) == 0);
    CHECK(14, am_i_popular() == -1 && errno == EPERM);
    return 0;
}
