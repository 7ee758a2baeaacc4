// irqtop: which interrupts and softirqs happen how often, live. From /proc/interrupts and /proc/softirqs, the busiest first.
// -n N: so many pictures; -d N: so many seconds between them; q ends it.

using CSharpOS.Runtime;

namespace CSharpOS.User.Programs;

internal static class Program
{
    private const int Remembered = 128;

    // Sums of the last picture, by the row's name.
    private static readonly string?[] s_names = new string?[Remembered];
    private static readonly ulong[] s_sums = new ulong[Remembered];
    private static readonly byte[] s_buffer = new byte[16384];
    private static bool s_hasLast;
    private static long s_lastTime;

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
                return Usage("irqtop [-n PICTURES] [-d SECONDS]");
            }
        }

        LiveScreen screen = new();
        screen.Begin();
        int status = 0;
        for (int i = 1; ; i++)
        {
            ManagedHeap.BeginRound();
            screen.BeginPicture();
            long now = Milliseconds();
            long passed = Math.Max(now - s_lastTime, 1);
            if (!Draw(screen, "/proc/interrupts", "INTERRUPT", passed) || !Draw(screen, "/proc/softirqs", "SOFTIRQ", passed))
            {
                break;
            }

            s_hasLast = true;
            s_lastTime = now;
            if (i >= pictures || !screen.EndPicture(seconds))
            {
                break;
            }

            ManagedHeap.EndRound();
        }

        screen.End();
        return status;

        bool Draw(LiveScreen screen, string path, string title, long passed)
        {
            int length = ReadFile(path, s_buffer);
            if (length < 0)
            {
                status = Perror("irqtop", path);
                return false;
            }

            DrawTable(screen, s_buffer.AsSpan(0, length), title, passed);
            return true;
        }
    }

    private static void DrawTable(LiveScreen screen, ReadOnlySpan<byte> text, string title, long passed)
    {
        List<InterruptRow> rows = InterruptRow.ParseAll(text);
        foreach (InterruptRow row in rows)
        {
            ulong last = Exchange(row.Name, row.Sum);
            row.PerSecond = s_hasLast && row.Sum >= last ? (row.Sum - last) * 1000 / (ulong)passed : 0;
        }

        if (screen.BeginLine())
        {
            Console.Write($"{title,-12}{"TOTAL",12}{"PER SECOND",12}  ON");
            screen.EndLine();
        }

        // The busiest first; of those that are quiet the ones that ever came.
        while (true)
        {
            InterruptRow? best = null;
            foreach (InterruptRow row in rows)
            {
                if (!row.IsShown && row.Sum > 0 && (best is null || row.PerSecond > best.PerSecond))
                {
                    best = row;
                }
            }

            if (best is null || !screen.BeginLine())
            {
                return;
            }

            best.IsShown = true;
            Console.Write($"{best.Name,-12}{best.Sum,12}{best.PerSecond,12}  {best.Description}");
            screen.EndLine();
        }
    }

    private static ulong Exchange(string name, ulong sum)
    {
        for (int i = 0; i < Remembered; i++)
        {
            if (s_names[i] is null)
            {
                bool outside = ManagedHeap.Keep(true);
                s_names[i] = new string(name.AsSpan());
                ManagedHeap.Keep(outside);
            }

            if (s_names[i] == name)
            {
                ulong last = s_sums[i];
                s_sums[i] = sum;
                return last;
            }
        }

        return sum;
    }
}
