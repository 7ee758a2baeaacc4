// Shutdown: how poweroff and reboot end the machine: through init, so that programs end in good order, or directly where pid 1 does not do that.

namespace CSharpOS.User;

/// <summary>The end of the machine's run, asked for by a program.</summary>
public static class Shutdown
{
    private const int InitPid = 1;
    private const int StatusSize = 2048;

    /// <summary>Does what the programs poweroff and reboot do; their exit status.</summary>
    /// <param name="program">The program's name.</param>
    /// <param name="args">Its arguments: nothing, or -f, which asks nobody.</param>
    /// <param name="command">What is to happen.</param>
    /// <param name="signal">What tells init so.</param>
    public static int Run(string program, string[] args, RebootCommand command, int signal)
    {
        if (!Options.TryParse(args, "f", out uint flags, out int first) || first != args.Length)
        {
            return Unix.Usage($"{program} [-f]");
        }

        if (flags == 0 && InitListens(signal))
        {
            return Unix.Kill(InitPid, signal) < 0 ? Unix.Perror(program, "init") : 0;
        }

        Unix.Sync();
        Unix.Reboot(command);
        return Unix.Perror(program, "reboot");
    }

    /// <summary>True if pid 1 has a handler for a signal, as the line SigCgt of its status says.</summary>
    public static bool InitListens(int signal)
    {
        Span<byte> text = stackalloc byte[StatusSize];
        int length = Unix.ReadFile("/proc/1/status", text);
        return length > 0 && Catches(text.Slice(0, length), signal);
    }

    /// <summary>The same, from the text of a status.</summary>
    public static bool Catches(ReadOnlySpan<byte> status, int signal)
    {
        ReadOnlySpan<byte> key = "SigCgt:\t"u8;
        int at = status.IndexOf(key);
        if (at < 0)
        {
            return false;
        }

        ulong caught = 0;
        for (int i = at + key.Length; i < status.Length && status[i] != (byte)'\n'; i++)
        {
            int digit = status[i] <= (byte)'9' ? status[i] - (byte)'0' : status[i] - (byte)'a' + 10;
            caught = (caught << 4) | (uint)(digit & 0xf);
        }

        return (caught & (1ul << (signal - 1))) != 0;
    }
}
