// usertest: what a program may rely on, and what it must not be able to do. The argument chooses the case; 0 if all is as it should be, else the number of
// the check that failed, with a line on standard error. The suite `user` (tests/Kernel.Suites/UserTests.cs) runs it.

namespace CSharpOS.User.Programs;

internal static unsafe class Program
{
    private static int Main(string[] args)
    {
        // Started by the kernel there are no descriptors.
        while (Open("/dev/console", O_RDWR) is >= 0 and < 2)
        {
        }

        if (args.Length == 0)
        {
            return Usage("usertest CASE");
        }

        delegate*<void> body = Find(args[0]);
        if (body == null)
        {
            return ExecCases.Arrived(args);
        }

        body();
        return 0;
    }

    private static delegate*<void> Find(string name) => name switch
    {
        "getpid" => &EntryCases.Getpid,
        "numbers" => &EntryCases.Numbers,
        "registers" => &EntryCases.Registers,
        "flags" => &EntryCases.Flags,
        "faults" => &FaultCases.Instructions,
        "memory-faults" => &FaultCases.Memory,
        "sigreturn" => &FaultCases.Sigreturn,
        _ => null,
    };
}
