// UserTests: programs, from the outside. Each test runs /bin/usertest (User/Programs/usertest) with the name of a case; its status says which check failed.

using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserTests
{
    [TestSuite("user")]
    private static void Suite()
    {
        Test.Run("getpid by int 0x80 and by syscall"u8, "SYS-01 SYS-03 SYS-10"u8, &Getpid);
        Test.Run("numbers without a call; the upper half of rax"u8, "SYS-01 SYS-02"u8, &Numbers);
        Test.Run("registers survive a call"u8, "SYS-01 SYS-03"u8, &Registers);
        Test.Run("flags that the kernel must not inherit"u8, "SYS-01 SYS-03"u8, &Flags);
        Test.Run("forbidden instructions and arithmetic"u8, "IRQ-01"u8, &Faults);
        Test.Run("forbidden memory"u8, "IRQ-01"u8, &MemoryFaults);
        Test.Run("frames that a handler has forged"u8, "SYS-13"u8, &Sigreturn);
    }

    private static void Getpid() => UserHelp.Good("getpid\0"u8);

    private static void Numbers() => UserHelp.Good("numbers\0"u8);

    private static void Registers() => UserHelp.Good("registers\0"u8);

    private static void Flags() => UserHelp.Good("flags\0"u8);

    private static void Faults() => UserHelp.Good("faults\0"u8);

    private static void MemoryFaults() => UserHelp.Good("memory-faults\0"u8);

    private static void Sigreturn() => UserHelp.Good("sigreturn\0"u8);
}
