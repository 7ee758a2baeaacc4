// ModuleTests: loadable modules. The files are those of /lib/modules in the archive of the test image: hello, modtest (tests/Modules), noexit.

namespace CSharpOS.Suites;

internal static unsafe class ModuleTests
{
    private const int ManyLoads = 100;

    [TestSuite("module")]
    private static void Suite()
    {
        Test.Run("load and unload: statics, parameters, /proc/modules"u8, "DRV-04"u8, &LoadAndUnload);
        Test.Run("a module built outside of the tree"u8, "DRV-04"u8, &BuiltOutside);
        Test.Run("protection: code is read-only, data not executable"u8, "DRV-04"u8, &Protection);
        Test.Run("a call trace through a module names it; an oops lists modules"u8, "DRV-04"u8, &Traces);
        Test.Run("an unknown symbol is named"u8, "DRV-04"u8, &UnknownSymbol);
        Test.Run("another kernel's module is refused"u8, "DRV-04"u8, &OtherKernel);
        Test.Run("broken files: cut anywhere, bytes flipped"u8, "DRV-04"u8, &BrokenFiles);
        Test.Run("a failing init is undone"u8, "DRV-04"u8, &FailingInit);
        Test.Run("twice, busy, without an exit, not there"u8, "DRV-04"u8, &Refusals);
        Test.Run("left behind: timer, hrtimer, work, tasklet, handler, thread, entry, device"u8, "DRV-04"u8, &LeavingBehind);
        Test.Run("a module that forsakes its threads may leave nothing else"u8, "DRV-04 DRV-05"u8, &ForsakingThreads);
        Test.Run("a hundred loads and unloads leave nothing"u8, "DRV-04"u8, &Leaks);
        Test.Run("no memory at any step: nothing is loaded, nothing lost"u8, "DRV-04"u8, &NoMemory);
        Test.Run("insmod, lsmod, rmmod; not root"u8, "DRV-04 SYS-06"u8, &Programs);
    }

    private static void LoadAndUnload()
    {
        ModuleHelp hello = ModuleHelp.Read("/lib/modules/hello.ko\0"u8);
        Check.Equal(0, hello.Load(" other=1  whom=tester whom=else who"u8));
        Check.Logged("hello, tester"u8);
        Check.Equal(3, Check.CountLogged("' ignored"u8));
        Check.Logged("hello: parameter 'other=1' ignored"u8);
        Check.Logged("hello: parameter 'whom=else' ignored"u8);
        Check.Logged("hello: parameter 'who' ignored"u8);
        Check.Equal(0, ProcHelp.Read("/proc/modules\0"u8));
        Check.True(ProcHelp.Line("hello "u8).IndexOf(" 0 - Live 0xffffffffa"u8) > 0);
        Check.Equal(0, KernelModules.Unload("hello"u8));
        Check.Logged("goodbye"u8);
        Check.Equal(0, ProcHelp.Read("/proc/modules\0"u8));
        Check.Equal(0, ProcHelp.Text.Length);
        hello.Free();
        Check.Equal(0, ModuleHelp.LoadMode("plain"u8));
        Check.Logged("modtest: statics good"u8);
        Check.Equal(0, KernelModules.Unload("modtest"u8));
        Check.Logged("modtest: exit"u8);
        Check.NotLogged("left behind"u8);
        ProcHelp.Free();
    }

    private static void BuiltOutside()
    {
        if (FsHelp.Walk("/lib/modules/outside.ko\0"u8) != 0)
        {
            Test.Skip("the build makes one for the default variant only"u8);
            return;
        }

        ModuleHelp outside = ModuleHelp.Read("/lib/modules/outside.ko\0"u8);
        Check.Equal(0, outside.Load());
        outside.Free();
        Check.Logged("outside: built elsewhere, at tick "u8);
        Check.Equal(0, KernelModules.Unload("outside"u8));
        Check.Logged("outside: exit"u8);
    }

    private static void Protection()
    {
        Check.Equal(0, ModuleHelp.LoadMode("plain"u8));
        Check.True(KernelModules.At(0, out ModuleStruct module));
        for (nuint at = 0; at < module.Size; at += 4096)
        {
            Check.True(Paging.Translate((ulong)module.Base + at, out _, out PageProtection rights));
            Check.True((at >= module.ReadOnlySize) == ((rights & PageProtection.Writable) != 0));
            Check.True((at >= module.TextSize) == ((rights & PageProtection.NoExecute) != 0));
        }

        Check.True(module.TextSize > 0 && module.TextSize < module.ReadOnlySize && module.ReadOnlySize < module.Size);
        Check.Equal(0, KernelModules.Unload("modtest"u8));
        Check.False(Paging.Translate((ulong)module.Base, out _, out _));
    }

    private static void Traces()
    {
        Check.Equal(0, ModuleHelp.LoadMode("trace"u8));
        Check.Logged("ModTest.Traced+0x"u8);
        Check.Logged(" [modtest] at tests/Modules/ModTest/ModTest.cs:"u8);
        Check.Logged("KernelModules.Begin+0x"u8);
        Check.True(Recovery.Call(&Fall, null) != 0);
        Check.Logged("Modules linked in: modtest"u8);
        Check.Equal(0, KernelModules.Unload("modtest"u8));
    }

    private static void Fall(void* unused) => *(int*)8 = 1;

    private static void UnknownSymbol()
    {
        ModuleHelp help = ModuleHelp.ModTest();
        int at = help.Span.IndexOf("Kernel_CSharpOS_Log_KernelLog__DumpStack"u8);
        Check.True(at > 0);
        help.Span[at + 7] = (byte)'X';
        Check.Equal(-ENOENT, help.Load());
        Check.Logged("Unknown symbol Kernel_XSharpOS_Log_KernelLog__DumpStack in module modtest"u8);
        Check.False(ModuleHelp.IsLoaded("modtest"u8));
        help.Free();
    }

    private static void OtherKernel()
    {
        ModuleHelp help = ModuleHelp.ModTest();
        int at = help.Span.IndexOf("vermagic="u8);
        Check.True(at > 0);
        help.Span[at + 9] = (byte)'x';
        Check.Equal(-ENOEXEC, help.Load());
        Check.Logged("modtest: version magic 'x"u8);
        Check.Logged("' should be '"u8);
        help.Free();
    }

    // Whatever is done to the file: an error, or a module that can be unloaded. What a flipped byte does to code is not asked: only headers and tables are damaged.
    private static void BrokenFiles()
    {
        ModuleHelp help = ModuleHelp.ModTest();
        var copy = (byte*)Vmalloc.Alloc(help.Length);
        int tasks = SchedMemory.QuietTasks();
        SchedMemory before = SchedMemory.Now(tasks);
        for (int i = 0; i < help.SectionCount; i++)
        {
            ModuleSection* section = help.Sections + i;
            if (section->Type != ModuleSection.NoBits && section->Size != 0)
            {
                Check.Equal(-ENOEXEC, KernelModules.Load(help.Bytes, (nuint)section->Offset, default));
                Check.Equal(-ENOEXEC, KernelModules.Load(help.Bytes, (nuint)(section->Offset + (section->Size / 2)), default));
            }
        }

        Check.Equal(-ENOEXEC, KernelModules.Load(help.Bytes, 0, default));
        Check.Equal(-ENOEXEC, KernelModules.Load(help.Bytes, 63, default));
        Check.Equal(-ENOEXEC, KernelModules.Load(help.Bytes, help.Length - 1, default));
        Check.Logged("not an ELF file"u8);
        Check.Logged("truncated, or its section headers are damaged"u8);

        // Every field of the ELF header that means something, and of each section header; far too large, and one too many.
        help.Span.CopyTo(new Span<byte>(copy, (int)help.Length));
        ModuleHelp damaged = new() { Bytes = copy, Length = help.Length };
        Refused(damaged, copy + 4, 1);
        Refused(damaged, copy + 16, 2);
        Refused(damaged, copy + 18, 2);
        Refused(damaged, copy + 40, 8);
        Refused(damaged, copy + 58, 2);
        Refused(damaged, copy + 60, 2);
        Refused(damaged, copy + 62, 2);
        for (int i = 1; i < help.SectionCount; i++)
        {
            ModuleSection* section = damaged.Sections + i;
            if (section->Type != ModuleSection.NoBits)
            {
                // One byte more than there is.
                ulong size = section->Size;
                section->Size = damaged.Length - section->Offset + 1;
                Check.Equal(-ENOEXEC, damaged.Load());
                section->Size = size;
                Refused(damaged, (byte*)&section->Offset, 8);
            }

            Refused(damaged, (byte*)&section->Size, 8);
            if (section->Type == ModuleSection.Relocations)
            {
                Refused(damaged, (byte*)&section->Info, 4);
                Refused(damaged, (byte*)&section->EntrySize, 8);
                Refused(damaged, copy + section->Offset, 8);
                Refused(damaged, copy + section->Offset + 12, 4);
            }
            else if (section->Type == ModuleSection.SymbolTable)
            {
                Refused(damaged, (byte*)&section->Link, 4);
                Refused(damaged, copy + section->Offset + 24, 4);
            }
        }

        Check.Logged("truncated: a section lies outside of the file"u8);
        Check.Logged("a relocation is outside of its section"u8);
        before.Compare(SchedMemory.Now(tasks));
        Vmalloc.Free(copy);
        help.Free();
    }

    private static void Refused(in ModuleHelp damaged, byte* field, int size)
    {
        for (int i = 0; i < size; i++)
        {
            field[i] ^= 0x7f;
        }

        int error = damaged.Load();
        Check.Equal(-ENOEXEC, error);
        if (error == 0)
        {
            KernelModules.Unload("modtest"u8);
        }

        for (int i = 0; i < size; i++)
        {
            field[i] ^= 0x7f;
        }
    }

    private static void FailingInit()
    {
        int kept = KernelModules.Kept;
        int tasks = SchedMemory.QuietTasks();
        Check.Equal(-EIO, ModuleHelp.LoadMode("fail"u8));
        SchedMemory before = SchedMemory.Now(tasks);
        Check.Equal(-EIO, ModuleHelp.LoadMode("fail"u8));
        before.Compare(SchedMemory.Now(tasks));
        Check.False(ModuleHelp.IsLoaded("modtest"u8));
        Check.NotLogged("left behind"u8);
        Check.Equal(kept, KernelModules.Kept);

        // Without undoing what it had begun.
        Check.Equal(-ENODEV, ModuleHelp.LoadMode("half"u8));
        Check.False(ModuleHelp.IsLoaded("modtest"u8));
        Check.Logged("module modtest left behind: timer ModTest.LateTimer"u8);
        Check.Logged("module modtest: its memory stays"u8);
        Check.Equal(kept + 1, KernelModules.Kept);
        Check.Equal(1, DelTimerSync((TimerList*)ModuleHelp.Cell));
    }

    private static void Refusals()
    {
        Check.Equal(-ENOENT, KernelModules.Unload("modtest"u8));
        Check.Equal(0, ModuleHelp.LoadMode("device"u8));
        Check.Equal(-EEXIST, ModuleHelp.LoadMode("plain"u8));
        Check.Equal(0, Vfs.Open("/dev/modtest\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        Check.Equal(-EAGAIN, KernelModules.Unload("modtest"u8));
        Check.Equal(0, ProcHelp.Read("/proc/modules\0"u8));
        Check.True(ProcHelp.Line("modtest "u8).IndexOf(" 1 - Live "u8) > 0);
        ProcHelp.Free();
        Files.Put(file);
        Check.Equal(0, KernelModules.Unload("modtest"u8));
        Check.NotLogged("left behind"u8);
        if (!ModuleHelp.IsLoaded("noexit"u8))
        {
            ModuleHelp forGood = ModuleHelp.Read("/lib/modules/noexit.ko\0"u8);
            Check.Equal(0, forGood.Load());
            forGood.Free();
        }

        Check.Equal(-EBUSY, KernelModules.Unload("noexit"u8));
    }

    private static void LeavingBehind()
    {
        // And what it has left runs on, in memory that is still there.
        Left("timer"u8, "timer ModTest.LateTimer"u8);
        ModTimer((TimerList*)ModuleHelp.Cell, Jiffies + 1);
        ModuleHelp.AwaitCell();
        Left("hrtimer"u8, "hrtimer ModTest.LateHrtimer"u8);
        Check.Equal(1, HrtimerCancel((Hrtimer*)ModuleHelp.Cell));
        Left("work"u8, "timer ModTest.LateWork"u8);
        Check.True(CancelDelayedWorkSync((DelayedWork*)ModuleHelp.Cell));
        Left("busywork"u8, "work ModTest.LongWork"u8);
        Completion.Complete((Completion*)ModuleHelp.Cell);
        ModuleHelp.AwaitCell();
        Left("tasklet"u8, "tasklet ModTest.LateTasklet"u8);
        TaskletEnable((TaskletStruct*)ModuleHelp.Cell);
        TaskletKill((TaskletStruct*)ModuleHelp.Cell);
        Left("irq"u8, "interrupt handler ModTest.LateHandler"u8);
        FreeIrq(9, ModuleHelp.Cell);
        Left("thread"u8, "thread ModTest.LateThread"u8);
        Check.Equal(0, Kthread.Stop((TaskStruct*)ModuleHelp.Cell));
        Left("proc"u8, "/proc entry modtest"u8);
        RemoveProcEntry((KernfsNode*)ModuleHelp.Cell);
        Left("leftdevice"u8, "character device modleft"u8);
        UnregisterChrdev((uint)ModuleHelp.Cell);
    }

    // Only its threads: a timer keeps its memory as anybody's.
    private static void ForsakingThreads()
    {
        ModuleHelp help = ModuleHelp.ModTest();
        int at = help.Span.IndexOf("description="u8);
        Check.True(at > 0);
        "forsakes=threads\0"u8.CopyTo(help.Span[at..]);
        int kept = KernelModules.Kept;
        Check.Equal(0, help.LoadIn("timer"u8));
        help.Free();
        Check.Equal(0, KernelModules.Unload("modtest"u8));
        Check.Logged("module modtest left behind: timer ModTest.LateTimer"u8);
        Check.NotLogged("forsakes its threads"u8);
        Check.Equal(kept + 1, KernelModules.Kept);
        ModTimer((TimerList*)ModuleHelp.Cell, Jiffies + 1);
        ModuleHelp.AwaitCell();
    }

    private static void Left(ReadOnlySpan<byte> mode, ReadOnlySpan<byte> what)
    {
        int kept = KernelModules.Kept;
        Check.ForgetLog();
        Check.Equal(0, ModuleHelp.LoadMode(mode));
        Check.Equal(0, KernelModules.Unload("modtest"u8));
        Span<byte> memory = stackalloc byte[96];
        TextBuffer line = new(memory);
        line.Append($"module modtest left behind: {what}");
        Check.Logged(line.Written);
        Check.Logged("module modtest: its memory stays"u8);
        Check.Equal(1, Check.CountLogged("left behind"u8));
        Check.Equal(kept + 1, KernelModules.Kept);
        Check.False(ModuleHelp.IsLoaded("modtest"u8));
    }

    private static void Leaks()
    {
        int tasks = SchedMemory.QuietTasks();
        LoadOnce();
        SchedMemory before = SchedMemory.Now(tasks);
        for (int i = 0; i < ManyLoads; i++)
        {
            LoadOnce();
        }

        before.Compare(SchedMemory.Now(tasks));
    }

    // The structure, and a list entry and pages for each of three pieces of vmalloc space.
    private static void NoMemory()
    {
#if DEBUG_CHECKS
        const int Steps = 7;
        ModuleHelp help = ModuleHelp.ModTest();
        int tasks = SchedMemory.QuietTasks();
        SchedMemory before = SchedMemory.Now(tasks);
        for (int i = 1; i <= Steps; i++)
        {
            AllocationFailure.Clear();
            AllocationFailure.FailNth(i);
            Check.Equal(-ENOMEM, help.Load());
            Check.Equal(1, AllocationFailure.Failures);
            AllocationFailure.Clear();
        }

        before.Compare(SchedMemory.Now(tasks));
        Check.Equal(0, help.Load());
        Check.Equal(0, KernelModules.Unload("modtest"u8));
        help.Free();
#else
        Test.Skip("allocations fail on request in builds with checks only"u8);
#endif
    }

    private static void LoadOnce()
    {
        Check.Equal(0, ModuleHelp.LoadMode("plain"u8));
        Check.Equal(0, KernelModules.Unload("modtest"u8));
    }

    private static void Programs()
    {
        UserHelp.Good("modules\0"u8);
        Check.Logged("hello, shell"u8);
    }
}
