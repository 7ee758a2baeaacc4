// top: the processes that use the CPUs most, again and again. -n N: so many pictures; -d N: so many seconds between them; q ends it.

using CSharpOS.Runtime;

namespace CSharpOS.User.Programs;

internal static class Program
{
    private const int Remembered = 256;

    private static readonly int[] s_pids = new int[Remembered];
    private static readonly ulong[] s_ticks = new ulong[Remembered];
    private static readonly byte[] s_buffer = new byte[4096];
    private static ulong s_allTicks;
    private static ulong s_idleTicks;

    private static int Main(string[] args)
    {
        int pictures = int.MaxValue;
        int seconds = 2;
        int first = 0;
        while (first < args.Length)
        {
            int before = first;
            if (!Options.TryTakeNumber(args, "-n", ref first, ref pictures) || !Options.TryTakeNumber(args, "-d", ref first, ref seconds)
                || first == before)
            {
                return Usage("top [-n PICTURES] [-d SECONDS]");
            }
        }

        LiveScreen screen = new();
        screen.Begin();
        int status = 0;
        for (int i = 1; ; i++)
        {
            ManagedHeap.BeginRound();
            screen.BeginPicture();
            if (!Draw(screen))
            {
                status = Perror("top", "/proc");
                break;
            }

            if (i >= pictures || !screen.EndPicture(seconds))
            {
                break;
            }

            ManagedHeap.EndRound();
        }

        screen.End();
        return status;
    }

    private static bool Draw(LiveScreen screen)
    {
        int length = ReadFile("/proc/stat", s_buffer);
        List<ProcStat> all = ProcStat.All();
        if (length < 0 || all.Count == 0)
        {
            return false;
        }

        ReadOnlySpan<byte> cpu = s_buffer.AsSpan(4, length - 4);
        ulong total = 0;
        ulong idle = 0;
        for (int field = 0; field < 8; field++)
        {
            ulong ticks = Number.Take(ref cpu);
            total += ticks;
            idle += field is 3 or 4 ? ticks : 0;
        }

        ulong passed = Math.Max(total - s_allTicks, 1);
        ulong idlePart = Math.Min((idle - s_idleTicks) * 1000 / passed, 1000);
        s_allTicks = total;
        s_idleTicks = idle;
        length = Math.Max(ReadFile("/proc/loadavg", s_buffer), 0);
        ReadOnlySpan<byte> load = s_buffer.AsSpan(0, length).TrimEnd((byte)'\n');
        screen.BeginLine();
        Console.Write($"{all.Count} processes, CPUs {(1000 - idlePart) / 10}.{(1000 - idlePart) % 10}% busy, load {load}");
        screen.EndLine();
        screen.BeginLine();
        Console.Write("  PID S  NI  RES kB   CPU%     TIME COMMAND"u8);
        screen.EndLine();

        ulong[] used = new ulong[all.Count];
        int[] order = new int[all.Count];
        for (int i = 0; i < all.Count; i++)
        {
            used[i] = all[i].Ticks - TicksBefore(all[i]);
            int at = i;
            while (at > 0 && used[order[at - 1]] < used[i])
            {
                order[at] = order[at - 1];
                at--;
            }

            order[at] = i;
        }

        for (int i = 0; i < all.Count && screen.BeginLine(); i++)
        {
            ProcStat stat = all[order[i]];
            ulong share = Math.Min(used[order[i]] * 1000 / passed, 9999);
            ulong time = stat.Ticks / 100;
            Console.Write($"{stat.Pid,5} {stat.State} {stat.Nice,3} {stat.ResidentPages * 4,7} {share / 10,4}.{share % 10} {time / 60,5}:{time % 60:d2} ");
            Console.Write($"{ProcStat.CommandLine(stat)}");
            screen.EndLine();
        }

        for (int i = 0; i < Remembered; i++)
        {
            s_pids[i] = i < all.Count ? all[i].Pid : 0;
            s_ticks[i] = i < all.Count ? all[i].Ticks : 0;
        }

        return true;
    }

    private static ulong TicksBefore(in ProcStat stat)
    {
        int at = s_pids.AsSpan().IndexOf(stat.Pid);
        return at < 0 || s_ticks[at] > stat.Ticks ? 0 : s_ticks[at];
    }
}
