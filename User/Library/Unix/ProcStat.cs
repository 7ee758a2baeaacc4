// ProcStat: what /proc says of processes and of the CPUs.

using System.Collections.Generic;
using System.Text;

namespace CSharpOS.User;

/// <summary>A process, from /proc/PID/stat.</summary>
public struct ProcStat
{
    public int Pid;
    public int Parent;
    public char State;
    public string Name;

    /// <summary>Hundredths of a second in user mode and in the kernel.</summary>
    public ulong Ticks;

    public long Priority;
    public long Nice;
    public ulong VirtualBytes;
    public ulong ResidentPages;

    /// <summary>Takes the line apart: PID (NAME) STATE PPID ... The name may hold blanks and parentheses.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out ProcStat result)
    {
        result = default;
        int open = line.IndexOf((byte)'(');
        int close = line.LastIndexOf((byte)')');
        if (open < 0 || close < open || close + 3 >= line.Length)
        {
            return false;
        }

        result.Pid = (int)Number.Take(ref line);
        result.Name = Utf8.ToString(line.Slice(line.IndexOf((byte)'(') + 1, close - open - 1));
        line = line.Slice(line.LastIndexOf((byte)')') + 2);
        result.State = (char)line[0];
        line = line.Slice(1);
        result.Parent = (int)TakeSigned(ref line);
        for (int field = 5; field <= 24 && line.Length > 0; field++)
        {
            long value = TakeSigned(ref line);
            switch (field)
            {
                case 14 or 15:
                    result.Ticks += (ulong)value;
                    break;
                case 18:
                    result.Priority = value;
                    break;
                case 19:
                    result.Nice = value;
                    break;
                case 23:
                    result.VirtualBytes = (ulong)value;
                    break;
                case 24:
                    result.ResidentPages = (ulong)value;
                    break;
            }
        }

        return true;
    }

    /// <summary>Every process, in the order of their numbers.</summary>
    public static List<ProcStat> All()
    {
        List<ProcStat> all = new();
        DirectoryReader reader = new("/proc");
        byte[] buffer = new byte[512];
        while (reader.Next() is { } name)
        {
            if (!Number.TryParse(name, out int _))
            {
                continue;
            }

            int length = Unix.ReadFile("/proc/" + name + "/stat", buffer);
            if (length > 0 && TryParse(buffer.AsSpan(0, length), out ProcStat stat))
            {
                int at = all.Count;
                while (at > 0 && all[at - 1].Pid > stat.Pid)
                {
                    at--;
                }

                all.Insert(at, stat);
            }
        }

        reader.Dispose();
        return all;
    }

    /// <summary>The command line; of a kernel thread, which has none, the name in brackets.</summary>
    public static string CommandLine(in ProcStat stat)
    {
        byte[] buffer = new byte[256];
        string path = new StringBuilder().Append("/proc/").Append(stat.Pid).Append("/cmdline").ToString();
        int length = Math.Max(Unix.ReadFile(path, buffer), 0);
        while (length > 0 && buffer[length - 1] == 0)
        {
            length--;
        }

        for (int i = 0; i < length; i++)
        {
            buffer[i] = buffer[i] == 0 ? (byte)' ' : buffer[i];
        }

        return length == 0 ? "[" + stat.Name + "]" : Utf8.ToString(buffer.AsSpan(0, length));
    }

    private static long TakeSigned(ref ReadOnlySpan<byte> text)
    {
        while (text.Length > 0 && text[0] == ' ')
        {
            text = text.Slice(1);
        }

        bool negative = text.Length > 0 && text[0] == '-';
        text = negative ? text.Slice(1) : text;
        long value = (long)Number.Take(ref text);
        return negative ? -value : value;
    }
}
