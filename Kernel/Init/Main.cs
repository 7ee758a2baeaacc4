// Main: from the boot assembly to the prompt.
//
// Linux: start_kernel, init/main.c. Boot CPU, process context of the boot task. Interrupts are off until InterruptsOn.
// The order is the point of this file: each step may use only what stands above it.

using System.Runtime;
using System.Runtime.CompilerServices;
using CSharpOS.Debugging;
using CSharpOS.Historical;
using CSharpOS.Runtime;
using CSharpOS.Testing;

namespace CSharpOS.Init;

/// <summary>The start of the kernel.</summary>
public static unsafe class Main
{
    private const uint LoaderPvh = 1;
    private const ulong LeastMemory = 12 << 20;

    private static TaskStruct s_initTask;
    private static ulong s_bootTsc;

    /// <summary>The first C# after the runtime's own start. Does not return.</summary>
    /// <linux>start_kernel</linux>
    [RuntimeExport("kernel_start")]
    private static void Start(uint loader, uint information)
    {
        ulong bootTsc = ReadTsc();
        Booting = true;
        TheCpu();
        void* info = (void*)(AsmOffsets.DIRECT_MAP_BASE + information);
        if (loader == LoaderPvh)
        {
            BootInfo.ParsePvh(info, AsmOffsets.DIRECT_MAP_BASE);
        }
        else
        {
            BootInfo.ParseMultiboot(info, information);
        }

        CommandLine.Init(BootInfo.CommandLine);

        // Before the kernel's text becomes read-only.
        CpuFeatures.Detect();
        CpuFeatures.Enable();
        KernelLog.Init();
#if DEBUG_CHECKS
        LockValidator.Init();
#endif
        Printk(LogLevel.Notice, $"{KernelVersion.Banner}\n");
        Printk(LogLevel.Info, $"Command line: {BootInfo.CommandLine}\n");
        EnoughMemory();
        TheMemory();
        TheInterrupts();

        Initcalls.Run(InitLevel.Early);
        Initcalls.Run(InitLevel.Console);
        Clock.Calibrate();
        Initcalls.Run(InitLevel.Arch);
        s_bootTsc = bootTsc;
        Scheduler.Init();
        TheFirstThreads();
        LocalIrqEnable();
        Scheduler.IdleLoop();
    }

    // Pid 1 goes on with the start; kthreadd becomes pid 2. The boot code becomes the idle task.
    private static void TheFirstThreads()
    {
        int first = KernelThread.Run(&Init, null, "init"u8);
        int second = Kthread.Init();
        if (first < 0 || second < 0)
        {
            KernelLog.Panic($"cannot make the first threads: errors {first} and {second}\n");
        }
    }

    // The rest of the start, in a thread: it may sleep.
    private static int Init(void* unused)
    {
        Booting = false;
        Smp.Init();
        ClockSources.Choose();
        Hrtimers.SwitchToHighResolution();
        Started("migration threads"u8, Migration.Init());
        Started("watchdogs"u8, Watchdog.Start());
        Started("ksoftirqd"u8, Ksoftirqd.Start());
        Started("work queues"u8, Workqueue.Init());
        Started("khelper"u8, UserModeHelper.Init());
        Started("process tree"u8, ProcessTree.Adopt());
        Started("file systems"u8, FileSystemStart.Init());
        Started("processor's file"u8, CpuInfo.Init());
        LoadAverage.Start();
        Started("keventd"u8, Keventd.Start());
        Initcalls.Run(InitLevel.Subsystem);
        Initcalls.Run(InitLevel.Device);
        Initcalls.Run(InitLevel.Late);
        ThePurpose();
        return 0;
    }

    private static void Started(ReadOnlySpan<byte> what, int error)
    {
        if (error != 0)
        {
            KernelLog.Panic($"cannot start the {what}: error {error}\n");
        }
    }

    // Tables of the CPU first: from here on a fault is an oops, not a reset.
    private static void TheCpu()
    {
        Gdt.Init();
        Idt.Init();
        PerCpuArea.Init(LinkerSymbols.BootPerCpuArea);
        PerCpuHot* hot = Hot;
        PerCpuArea.SetHot(0, hot);
        hot->EntryStack = Gdt.EntryStack(0);
        hot->PerCpuOffset = (ulong)LinkerSymbols.BootPerCpuArea;
        hot->IrqStackTop = (ulong)LinkerSymbols.IrqStackTop;
        hot->KernelStackTop = (ulong)LinkerSymbols.InitStackTop;
        var task = (TaskStruct*)Unsafe.AsPointer(ref s_initTask);
        task->Stack = LinkerSymbols.InitStackBottom;
        "swapper"u8.CopyTo(new Span<byte>(task->Comm, 16));
        hot->Current = task;
        SymbolTable.Init(LinkerSymbols.KsymtabStart, LinkerSymbols.KsymtabEnd);
        Traps.Init();
    }

    private static void EnoughMemory()
    {
        ulong usable = BootInfo.UsableBytes();
        if (usable < LeastMemory)
        {
            KernelLog.Panic($"too little memory: {usable >> 10} KB usable, at least {LeastMemory >> 10} KB needed\n");
        }
    }

    private static void TheMemory()
    {
        Memblock.Init();
        Paging.Init();
        PageAllocator.Init();
        Slab.Init();
        Vmalloc.Init();
        AddressSpaces.Init();
        UserSwitch.Init();
        ProcessTree.Initialize();
        Futex.Init();
        ProgramFile.Init();
        VsyscallPage.Init();
        Power.Reboot.Init();
        KernelModules.Init();
        ManagedHeap.SetAllocator(&KernelMemory.ManagedAllocate);
    }

    private static void TheInterrupts()
    {
        EntropyPool.Init();
        Trace.Init();
        Interrupts.Init();
        Softirq.Init();
        Softirq.ReadPolicyOption();
        Tasklet.Init();
        GlobalCli.Init();
        BottomHalf.Init();
        TaskQueues.Init();
        Rcu.Init();
        Clock.Init();
        Timers.Init();
        Hrtimers.Init();
        I8259A.Init();
    }

    private static void ThePurpose()
    {
        if (CommandLine.TryGetValue("bench"u8, out ReadOnlySpan<byte> measurements))
        {
            TestRunner.BenchAndExit(measurements);
        }
        else if (CommandLine.Has("bench"u8))
        {
            TestRunner.BenchAndExit(default);
        }
        else if (CommandLine.TryGetValue("test"u8, out ReadOnlySpan<byte> suites))
        {
            TestRunner.RunAndExit(suites);
        }
        else if (CommandLine.Has("test"u8))
        {
            TestRunner.RunAndExit(default);
        }

        if (!CommandLine.Has("monitor"u8))
        {
            TheFirstProgram();
        }

        PrintTime("Prompt"u8);
        Monitor.Run();
    }

    // The time stamp counter begins with the power: what the firmware took is in it.
    private static void PrintTime(ReadOnlySpan<byte> what)
    {
        ulong khz = TscKhz == 0 ? 1_000_000 : TscKhz;
        ulong now = ReadTsc();
        Printk(LogLevel.Info, $"{what} {now * 1000 / khz} us after power-on, {(now - s_bootTsc) * 1000 / khz} us after the kernel's entry\n");
    }

    // Pid 1 becomes the program of the option init=, or else the first of the usual ones that can be executed. Returns if there is none: the
    // kernel goes on with its monitor.
    // Linux: init_post.
    private static void TheFirstProgram()
    {
        OpenConsole();
        if (CommandLine.TryGetValue("init"u8, out ReadOnlySpan<byte> wanted))
        {
            Execute(wanted);
        }

        Execute("/init"u8);
        Execute("/sbin/init"u8);
        Execute("/bin/init"u8);
        Execute("/bin/sh"u8);
        Printk(LogLevel.Error, $"No program to start with: the archive in the image has none, or try init=PATH. The kernel's monitor takes over.\n");
    }

    // Descriptors 0, 1 and 2 are the console, if there is one.
    private static void OpenConsole()
    {
        if (Fs.Vfs.Open("/dev/console"u8, Fs.OpenFlags.O_RDWR, 0, out Fs.File* console) != 0)
        {
            Printk(LogLevel.Warning, $"cannot open /dev/console\n");
            return;
        }

        Fs.FilesStruct.Install(Current->Files, console, 0, false);
        for (int i = 1; i <= 2; i++)
        {
            Fs.Files.Get(console);
            Fs.FilesStruct.Install(Current->Files, console, i, false);
        }
    }

    private static void Execute(ReadOnlySpan<byte> path)
    {
        ExecArguments arguments = default;
        int error = arguments.Allocate();
        error = error != 0 ? error : arguments.Add(path, ref arguments.ArgumentCount);
        error = error != 0 ? error : arguments.Add("HOME=/"u8, ref arguments.EnvironmentCount);
        error = error != 0 ? error : arguments.Add("TERM=linux"u8, ref arguments.EnvironmentCount);
        error = error != 0 ? error : Exec.RunFromKernel(path, ref arguments);
        if (error == 0)
        {
            // Zombies wait for it from now on.
            Current->Process->Action(Signal.SIGCHLD).Handler = SigAction.Default;
            PrintTime("First program"u8);
            ContextSwitch.EnterUserMode();
        }

        if (error != -ENOENT)
        {
            Printk(LogLevel.Error, $"{path} cannot be executed: error {error}\n");
        }
    }
}
