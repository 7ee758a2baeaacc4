// silly_copy: the book's system call that copies eight bytes by way of the kernel, and what it says to wrong arguments.

namespace CSharpOS.User.Programs;

internal static unsafe class Program
{
    private static int Main()
    {
        ulong source = 0x0123456789abcdef;
        ulong destination = 0;
        int result = SillyCopy(&source, &destination, sizeof(ulong));
        if (result < 0)
        {
            Perror("silly_copy");
            return 1;
        }

        Console.WriteLine($"silly_copy: {result} bytes, 0x{destination:x}");
        if (SillyCopy(&source, &destination, 4) < 0)
        {
            Perror("silly_copy of 4 bytes");
        }

        if (SillyCopy(&source, (ulong*)8, sizeof(ulong)) < 0)
        {
            Perror("silly_copy to address 8");
        }

        return destination == source ? 0 : 1;
    }

    private static int SillyCopy(ulong* source, ulong* destination, int length) => _syscall3(__NR_silly_copy, source, destination, length);
}
