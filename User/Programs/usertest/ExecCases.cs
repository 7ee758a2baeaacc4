// ExecCases: programs that become other programs.

namespace CSharpOS.User.Programs;

internal static unsafe class ExecCases
{
    /// <summary>The other side: usertest, executed by a case.</summary>
    internal static int Arrived(string[] args)
    {
        Console.Error.WriteLine($"usertest: no case {args[0]}");
        return 255;
    }
}
