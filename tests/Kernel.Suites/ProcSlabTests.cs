// ProcSlabTests: /proc/slabinfo. Part of the suite proc; process context.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class ProcSlabTests
{
    private const int Objects = 100;
    private const uint Size = 200;
    private const int Rounds = 8;
    private const int Caches = 20;

    private static int s_gone;
    private static CacheList s_going;

    private static ulong* Going => (ulong*)Unsafe.AsPointer(ref s_going);

    /// <summary>The format, and the figures of a cache that nobody else uses.</summary>
    internal static void Figures()
    {
        SlabCache* cache = KmemCacheCreate("slab_test"u8, Size);
        void** objects = (void**)Kcalloc(Objects, (nuint)sizeof(void*), GfpFlags.Kernel);
        Check.True(cache != null && objects != null);
        Check.Equal(0, ProcHelp.Read("/proc/slabinfo\0"u8));
        Check.True(ProcHelp.Text.StartsWith("slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : "u8));
        Check.True(ProcHelp.Line("# name"u8).EndsWith(" : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>"u8));
        Form();
        ReadOnlySpan<byte> line = ProcHelp.Line("slab_test "u8);
        Check.Equal(0, ProcHelp.Number(line, 1));
        Check.Equal(0, ProcHelp.Number(line, 2));
        Check.Equal(0, ProcHelp.Number(line, 14));
        for (int i = 0; i < Objects; i++)
        {
            objects[i] = KmemCacheAlloc(cache, GfpFlags.Kernel);
        }

        Check.Equal(0, ProcHelp.Read("/proc/slabinfo\0"u8));
        Form();
        line = ProcHelp.Line("slab_test "u8);
        long each = ProcHelp.Number(line, 4);
        long slabs = ProcHelp.Number(line, 14);
        Check.Equal(Objects, ProcHelp.Number(line, 1));
        Check.Equal(slabs * each, ProcHelp.Number(line, 2));
        Check.Between(Size, Size + 256, ProcHelp.Number(line, 3));
        Check.Equal((long)DirectMap.PAGE_SIZE * ProcHelp.Number(line, 5) / ProcHelp.Number(line, 3), each);
        Check.Equal(slabs, ProcHelp.Number(line, 13));
        Check.True(slabs >= (Objects + each - 1) / each);
        for (int i = 0; i < Objects; i++)
        {
            KmemCacheFree(cache, objects[i]);
        }

        Check.Equal(0, ProcHelp.Read("/proc/slabinfo\0"u8));
        Check.Equal(0, ProcHelp.Number(ProcHelp.Line("slab_test "u8), 1));
        Check.Equal(0, KmemCacheDestroy(cache));
        Kfree(objects);
        Check.Equal(0, ProcHelp.Read("/proc/slabinfo\0"u8));
        Check.Equal(0, ProcHelp.Line("slab_test "u8).Length);
    }

    /// <summary>Caches go while it is read: those that were made after them and stay are there once each, every time, and nothing is reported.</summary>
    internal static void Changing()
    {
        int faults = MemoryReport.Count;
        SlabCache** stay = stackalloc SlabCache*[Caches];
        bool always = true;
        for (int round = 0; round < Rounds; round++)
        {
            s_gone = 0;
            for (int i = 0; i < Caches; i++)
            {
                Going[i] = (ulong)KmemCacheCreate("slab_goes"u8, 40);
            }

            for (int i = 0; i < Caches; i++)
            {
                stay[i] = KmemCacheCreate("slab_stays"u8, 80);
            }

            SchedThread thread = default;
            if (SchedThread.Run(&thread, -1, &EndThem, null))
            {
                do
                {
                    always &= ProcHelp.Read("/proc/slabinfo\0"u8) == 0 && Times("slab_stays "u8) == Caches && Times("task_struct "u8) == 1;
                    Form();
                    SchedThread.GiveWay();
                }
                while (Shared.ReadOnce(ref s_gone) < Caches);
                SchedThread.Join(&thread);
            }

            for (int i = 0; i < Caches; i++)
            {
                Check.Equal(0, KmemCacheDestroy(stay[i]));
            }
        }

        Check.True(always);
        Check.Equal(faults, MemoryReport.Count);
    }

    private static void EndThem(void* unused)
    {
        for (int i = 0; i < Caches; i++)
        {
            var cache = (SlabCache*)Going[i];
            KmemCacheFree(cache, KmemCacheAlloc(cache, GfpFlags.Kernel));
            KmemCacheDestroy(cache);
            Shared.AddReturn(ref s_gone, 1);
            SchedThread.GiveWay();
        }
    }

    // Sixteen words in each line but the first two; no more in use than there are.
    private static void Form()
    {
        ReadOnlySpan<byte> rest = ProcHelp.Text;
        bool right = rest.Length != 0 && rest[^1] == '\n';
        for (int number = 0; rest.Length != 0; number++)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = rest[..end];
            rest = rest[(end + 1)..];
            if (number >= 2)
            {
                right &= ProcHelp.WordCount(line) == 16 && ProcHelp.Word(line, 7).SequenceEqual("tunables"u8) && ProcHelp.Word(line, 12).SequenceEqual("slabdata"u8);
                right &= ProcHelp.Number(line, 1) <= ProcHelp.Number(line, 2) && ProcHelp.Number(line, 13) <= ProcHelp.Number(line, 14);
                right &= ProcHelp.Number(line, 8) >= ProcHelp.Number(line, 9) && ProcHelp.Number(line, 15) == 0;
            }
        }

        Check.True(right);
    }

    private static int Times(ReadOnlySpan<byte> beginning)
    {
        int count = 0;
        ReadOnlySpan<byte> rest = ProcHelp.Text;
        while (rest.Length != 0)
        {
            count += rest.StartsWith(beginning) ? 1 : 0;
            rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
        }

        return count;
    }

    [InlineArray(Caches)]
    private struct CacheList
    {
        private ulong _first;
    }
}
