/* hello.c: a program in C, without a C library: a greeting, an error from the kernel shown as text, and the book's silly_copy. */

#define CSHARPOS_PROGRAM
#include "csharpos.h"

_syscall3(int, open, const char *, path, int, flags, int, mode)
_syscall3(int, silly_copy, unsigned long long *, source, unsigned long long *, destination, unsigned long, length)

int main(int argc, char **argv, char **environment)
{
    unsigned long long source = 0x0123456789abcdefull;
    unsigned long long destination = 0;

    print(1, "hello from C\n");
    if (open("/no/such/file", 0, 0) < 0)
        perror("/no/such/file");
    if (silly_copy(&source, &destination, sizeof source) < 0) {
        perror("silly_copy");
        return 1;
    }
    if (silly_copy(&source, &destination, 4) < 0)
        perror("silly_copy of 4 bytes");
    return destination == source ? 0 : 1;
}
