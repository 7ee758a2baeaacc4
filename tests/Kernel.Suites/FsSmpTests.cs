// FsSmpTests: threads that make, rename and walk the same names at once.

namespace CSharpOS.Suites;

internal static unsafe class FsSmpTests
{
    private const int Threads = 4;
    private const int Rounds = 200;

    private static int s_made;
    private static int s_wrong;
    private static int s_stop;

    internal static void ExclusiveCreate()
    {
        s_made = 0;
        SchedThread* threads = stackalloc SchedThread[Threads];
        RunAll(threads, &Creator);
        for (int i = 0; i < Threads; i++)
        {
            SchedThread.Join(threads + i);
        }

        // Each name is made by exactly one, and removed by whoever made it.
        Check.Equal(Rounds, s_made);
        for (int i = 0; i < Rounds; i++)
        {
            byte* name = stackalloc byte[8];
            Name(name, i);
            Check.Equal(0, FsHelp.Remove(new ReadOnlySpan<byte>(name, 8)));
        }
    }

    internal static void RenameStorm()
    {
        s_wrong = 0;
        s_stop = 0;
        Check.Equal(0, FsHelp.Mkdir("/ra\0"u8));
        Check.Equal(0, FsHelp.Mkdir("/rb\0"u8));
        FsHelp.Make("/ra/moving\0"u8, "m"u8);
        FsHelp.Make("/ra/still\0"u8, "s"u8);
        SchedThread* walkers = stackalloc SchedThread[Threads];
        RunAll(walkers, &Walker);
        for (int i = 0; i < Rounds; i++)
        {
            Check.Equal(0, FsHelp.Rename("/ra/moving\0"u8, "/rb/moving\0"u8));
            Check.Equal(0, FsHelp.Rename("/rb/moving\0"u8, "/ra/moving\0"u8));
            if ((i & 15) == 0)
            {
                SchedThread.GiveWay();
            }
        }

        Shared.WriteOnce(ref s_stop, 1);
        for (int i = 0; i < Threads; i++)
        {
            SchedThread.Join(walkers + i);
        }

        Check.Equal(0, s_wrong);
        Check.Equal(0, FsHelp.Remove("/ra/moving\0"u8));
        Check.Equal(0, FsHelp.Remove("/ra/still\0"u8));
        Check.Equal(0, FsHelp.Remove("/ra\0"u8, directory: true));
        Check.Equal(0, FsHelp.Remove("/rb\0"u8, directory: true));
    }

    private static void RunAll(SchedThread* threads, delegate*<void*, void> function)
    {
        for (int i = 0; i < Threads; i++)
        {
            SchedThread.Run(threads + i, -1, function, null);
        }
    }

    private static void Creator(void* unused)
    {
        byte* name = stackalloc byte[8];
        for (int i = 0; i < Rounds; i++)
        {
            Name(name, i);
            int error = FsHelp.Open(new ReadOnlySpan<byte>(name, 8), FsHelp.ReadWrite | OpenFlags.O_EXCL);
            Shared.AddReturn(ref s_made, error == 0 ? 1 : 0);
            if (error is not 0 and not -EEXIST)
            {
                Shared.AddReturn(ref s_made, 1000000);
            }
        }
    }

    // The name that stays is always found; the one that moves is found or not, and nothing else.
    private static void Walker(void* unused)
    {
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            int still = FsHelp.Walk("/ra/still\0"u8);
            int moving = FsHelp.Walk("/ra/moving\0"u8);
            int dots = FsHelp.Walk("/rb/../ra/still\0"u8);
            Shared.AddReturn(ref s_wrong, still == 0 && dots == 0 && moving is 0 or -ENOENT ? 0 : 1);
            SchedThread.GiveWay();
        }
    }

    private static void Name(byte* name, int number)
    {
        "/x000\0\0\0"u8.CopyTo(new Span<byte>(name, 8));
        name[2] = (byte)('0' + (number / 100));
        name[3] = (byte)('0' + (number / 10 % 10));
        name[4] = (byte)('0' + (number % 10));
    }
}
