// UserTests: programs, from the outside. Each test runs /bin/usertest (User/Programs/usertest) with the name of a case; its status says which check failed.

using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserTests
{
    [TestSuite("user")]
    private static void Suite()
    {
        Test.Run("getpid by int 0x80 and by syscall"u8, "SYS-01 SYS-03 SYS-10"u8, &Getpid);
        Test.Run("a program of 32 bits, by int 0x80 and by the vsyscall page; its old calls"u8, "SYS-01 SYS-03"u8, &Narrow);
        Test.Run("numbers without a call; the upper half of rax"u8, "SYS-01 SYS-02"u8, &Numbers);
        Test.Run("registers survive a call"u8, "SYS-01 SYS-03"u8, &Registers);
        Test.Run("flags that the kernel must not inherit"u8, "SYS-01 SYS-03"u8, &Flags);
        Test.Run("forbidden instructions and arithmetic"u8, "IRQ-01"u8, &Faults);
        Test.Run("forbidden memory"u8, "IRQ-01"u8, &MemoryFaults);
        Test.Run("frames that a handler has forged"u8, "SYS-13"u8, &Sigreturn);
        Test.Run("wrong addresses"u8, "SYS-04 SYS-13"u8, &PointerAddresses);
        Test.Run("wrong descriptors, processes and flags"u8, "SYS-13"u8, &PointerDescriptors);
        Test.Run("fork: parent and child change the same pages"u8, "SYS-12"u8, &ProcessCopyOnWrite);
        Test.Run("exit statuses, WNOHANG, ECHILD"u8, "SYS-12 SYS-13"u8, &ProcessStatuses);
        Test.Run("two hundred forks, forty at once"u8, "SYS-12"u8, &ProcessMany);
        Test.Run("vfork"u8, "SYS-12"u8, &ProcessVfork);
        Test.Run("an orphan goes to pid 1"u8, "SYS-12"u8, &ProcessOrphan);
        Test.Run("an orphan that has ended already leaves nothing behind"u8, "SYS-12"u8, &ProcessEndedOrphan);
        Test.Run("handlers, blocked and pending signals"u8, "SYS-12"u8, &SignalHandlers);
        Test.Run("a handler spoils no register of the interrupted code"u8, "SYS-12"u8, &SignalRegisters);
        Test.Run("what signals do without a handler"u8, "SYS-12"u8, &SignalDefaults);
        Test.Run("SA_RESTART and EINTR"u8, "SYS-12"u8, &SignalRestart);
        Test.Run("SIGCHLD, handled and ignored"u8, "SYS-12"u8, &SignalChildSignal);
        Test.Run("stop, continue, kill"u8, "SYS-12"u8, &SignalStops);
        Test.Run("the alternative stack"u8, "SYS-12"u8, &SignalOtherStack);
        Test.Run("nanosleep, interrupted and gone on with"u8, "SYS-02 SYS-12"u8, &SignalSleep);
        Test.Run("POSIX timers: numbers, what is left, old times"u8, "TIME-06"u8, &TimerAnswers);
        Test.Run("POSIX timers: clocks, signals, threads, numbers and times that are refused; as many as there may be"u8, "TIME-06 SYS-13"u8, &TimerRefusals);
        Test.Run("POSIX timers: one signal, never early, and what its handler is told"u8, "TIME-06"u8, &TimerOnce);
        Test.Run("POSIX timers: a signal that waits is there once, and counts what it stands for"u8, "TIME-06"u8, &TimerOverruns);
        Test.Run("POSIX timers: several with one signal; set and deleted while it waits"u8, "TIME-06"u8, &TimerSeveral);
        Test.Run("POSIX timers: for one thread, also when that has ended"u8, "TIME-06"u8, &TimerThread);
        Test.Run("timers and execve, timers and fork"u8, "TIME-06"u8, &TimerExecute);
        Test.Run("POSIX timers: the end of a process against expiry"u8, "TIME-06"u8, &TimerExits);
        Test.Run("POSIX timers: threads that make, set, read and delete the same ones"u8, "TIME-06"u8, &TimerRaces);
        Test.Run("alarm, setitimer, getitimer"u8, "TIME-06"u8, &Itimers);
        Test.Run("setitimer: time of the processor"u8, "TIME-06"u8, &ProcessorTimers);
        Test.Run("clock_gettime, clock_getres, clock_nanosleep of every clock"u8, "TIME-06"u8, &ClocksOfEveryKind);
        Test.Run("a clock that is set moves the timers for a time of day, and no others"u8, "TIME-06"u8, &ClockSet);
        Test.Run("anonymous memory, munmap"u8, "SYS-12"u8, &MemoryAnonymously);
        Test.Run("mprotect; no memory is writable and executable"u8, "SYS-12"u8, &MemoryProtection);
        Test.Run("a private mapping of a file; the sixth argument; the block of the old mmap; SIGBUS"u8, "SYS-01 SYS-12 IRQ-01"u8, &MemoryPrivateFile);
        Test.Run("a shared mapping of a file"u8, "SYS-12"u8, &MemorySharedFile);
        Test.Run("memory shared across fork"u8, "SYS-12"u8, &MemorySharedAnonymous);
        Test.Run("mremap: grows, shrinks, moves"u8, "SYS-12 SYS-13"u8, &MemoryMoves);
        Test.Run("the program break"u8, "SYS-12"u8, &MemoryBreak);
        Test.Run("the stack grows"u8, "SYS-12"u8, &MemoryStack);
        Test.Run("execve: arguments, environment, auxiliary vector, descriptors"u8, "SYS-12"u8, &ExecArguments);
        Test.Run("execve: scripts"u8, "SYS-12"u8, &ExecScripts);
        Test.Run("execve: files that must not be executed"u8, "SYS-12 SYS-13"u8, &ExecNotExecutable);
        Test.Run("execve: broken ELF files"u8, "SYS-12 SYS-13"u8, &ExecBrokenFiles);
        Test.Run("threads: one pid, many tids"u8, "SYS-10"u8, &ThreadIdentities);
        Test.Run("threads: futex"u8, "SYS-12"u8, &ThreadFutexes);
        Test.Run("threads: futexes that wait for some wake-ups, and until a moment"u8, "SYS-12"u8, &ThreadFutexBits);
        Test.Run("getrlimit, getgroups: what there is, and what there is not"u8, "SYS-12 SYS-13"u8, &LinuxLimits);
        Test.Run("getrandom, prctl"u8, "SYS-12 SYS-13"u8, &LinuxRandomAndName);
        Test.Run("ppoll and pselect6: a signal mask for as long as they wait"u8, "SYS-12 SYS-13"u8, &LinuxMasks);
        Test.Run("sysinfo: load averages"u8, "SYS-12"u8, &LinuxLoad);
        Test.Run("threads: exit_group and fatal signals end all"u8, "SYS-12"u8, &ThreadGroupExit);
        Test.Run("threads: execve ends the others and not the process"u8, "SYS-12"u8, &ThreadExecutes);
        Test.Run("threads: the first one ends before the last"u8, "SYS-12"u8, &ThreadLeaderFirst);
        Test.Run("xmm and x87 registers of processes that take turns"u8, "SYS-12"u8, &ThreadComputing);
        Test.Run("the base of fs of processes that take turns"u8, "SYS-12"u8, &ThreadBases);
        Test.Run("foo, silly_copy, am_i_popular; what needs privileges"u8, "SYS-05 SYS-06"u8, &BookExamples);
        Test.Run("a pipe between processes; EPIPE and SIGPIPE"u8, "SYS-12"u8, &BookPipes);
        Test.Run("lines of the shell"u8, "SYS-05 SYS-08 SYS-12"u8, &BookShell);
        Test.Run("top, irqtop, nice, time, hexdump, mount, free, uptime, ps, dmesg"u8, "SYS-12 KT-03"u8, &Tools);
        Test.Run("/proc/PID of a program: exe, fd, cwd, cmdline, environ, status, stat, maps"u8, "KT-03"u8, &ProcOfProgram);
        Test.Run("the examples in C, where a compiler has made them"u8, "SYS-05 SYS-08"u8, &ExamplesInC);
        Test.Run("the old select: five arguments behind one register"u8, "SYS-01"u8, &OldSelect);
        Test.Run("what mprotect, munmap and brk have taken is forgotten"u8, "SYS-12"u8, &TranslationForgotten);
        Test.Run("and by the CPU of another thread"u8, "SYS-12"u8, &TranslationOtherThread);
        Test.Run("a handler that changes its frame"u8, "SYS-12 SYS-13"u8, &FramesChanged);
        Test.Run("eventfd: a semaphore as a descriptor, for both word sizes; every bad pointer"u8, "SYS-11 SYS-13"u8, &Events);
        Test.Run("F_SETOWN: SIGIO only for whom the setter might have signalled; groups"u8, "DRV-03 SYS-13"u8, &Owners);
        Test.Run("/dev/rtc: one at a time, read, poll, ioctl, SIGIO, privileges"u8, "IRQ-15"u8, &RtcDevice);
        Test.Run("random calls: fifty thousand, a million with the boot option random.million"u8, "SYS-13"u8, &RandomCalls);
        Test.Run("every stretch with interrupts or preemption off ends, in programs too"u8, "WORK-08"u8, &OffTracerTests.ProgramsEnd);
        UserHelperTests.Run();
        OrderlyTests.Run();
        UserMemoryTests.Run();
        KernelMmTests.Run();
        UserContextTests.Run();
        UserLeakTests.Run();
    }

    private static void Events() => UserHelp.Good("events\0"u8);

    private static void Owners() => UserHelp.Good("owners\0"u8);

    private static void PointerAddresses() => UserHelp.Good("addresses\0"u8);

    private static void PointerDescriptors() => UserHelp.Good("descriptors\0"u8);

    private static void ProcessCopyOnWrite() => UserHelp.Good("copy-on-write\0"u8);

    private static void ProcessStatuses() => UserHelp.Good("statuses\0"u8);

    private static void ProcessMany() => UserHelp.Good("many\0"u8);

    private static void ProcessVfork() => UserHelp.Good("vfork\0"u8);

    private static void ProcessOrphan() => UserHelp.Good("orphan\0"u8);

    private static void ProcessEndedOrphan() => UserHelp.Good("ended-orphan\0"u8);

    private static void ThreadFutexBits() => UserHelp.Good("futex-bits\0"u8);

    private static void LinuxLimits() => UserHelp.Good("limits\0"u8);

    private static void LinuxRandomAndName() => UserHelp.Good("random-name\0"u8);

    private static void LinuxMasks() => UserHelp.Good("masks\0"u8);

    private static void LinuxLoad() => UserHelp.Good("load\0"u8);

    private static void SignalHandlers() => UserHelp.Good("handlers\0"u8);

    private static void SignalRegisters() => UserHelp.Good("signal-registers\0"u8);

    private static void SignalDefaults() => UserHelp.Good("defaults\0"u8);

    private static void SignalRestart() => UserHelp.Good("restart\0"u8);

    private static void SignalChildSignal() => UserHelp.Good("child-signal\0"u8);

    private static void SignalStops() => UserHelp.Good("stops\0"u8);

    private static void SignalOtherStack() => UserHelp.Good("other-stack\0"u8);

    private static void SignalSleep() => UserHelp.Good("sleep\0"u8);

    private static void TimerAnswers() => UserHelp.Good("timer-answers\0"u8);

    private static void TimerRefusals() => UserHelp.Good("timer-refusals\0"u8);

    private static void TimerOnce() => UserHelp.Good("timer-once\0"u8);

    private static void TimerOverruns() => UserHelp.Good("timer-overruns\0"u8);

    private static void TimerSeveral() => UserHelp.Good("timer-several\0"u8);

    private static void TimerThread() => UserHelp.Good("timer-thread\0"u8);

    private static void TimerExecute() => UserHelp.Good("timer-execute\0"u8);

    private static void TimerExits() => UserHelp.Good("timer-exits\0"u8);

    private static void TimerRaces() => UserHelp.Good("timer-races\0"u8);

    private static void Itimers() => UserHelp.Good("itimers\0"u8);

    private static void ProcessorTimers() => UserHelp.Good("processor-timers\0"u8);

    private static void ClocksOfEveryKind() => UserHelp.Good("clocks\0"u8);

    private static void ClockSet() => UserHelp.Good("clock-set\0"u8);

    private static void MemoryAnonymously() => UserHelp.Good("anonymous\0"u8);

    private static void MemoryProtection() => UserHelp.Good("protection\0"u8);

    private static void MemoryPrivateFile() => UserHelp.Good("private-file\0"u8);

    private static void MemorySharedFile() => UserHelp.Good("shared-file\0"u8);

    private static void MemorySharedAnonymous() => UserHelp.Good("shared-anonymous\0"u8);

    private static void MemoryMoves() => UserHelp.Good("moves\0"u8);

    private static void MemoryBreak() => UserHelp.Good("break\0"u8);

    private static void MemoryStack() => UserHelp.Good("stack\0"u8);

    private static void ExecArguments() => UserHelp.Good("arguments\0"u8);

    private static void ExecScripts() => UserHelp.Good("scripts\0"u8);

    private static void ExecNotExecutable() => UserHelp.Good("not-executable\0"u8);

    private static void ExecBrokenFiles() => UserHelp.Good("broken-files\0"u8);

    private static void ThreadIdentities() => UserHelp.Good("identities\0"u8);

    private static void ThreadFutexes() => UserHelp.Good("futexes\0"u8);

    private static void Narrow() => Check.Equal(0, UserHelp.Run("/bin/usertest32\0"u8));

    private static void ThreadBases() => UserHelp.Good("bases\0"u8);

    private static void ThreadGroupExit() => UserHelp.Good("group-exit\0"u8);

    private static void ThreadExecutes() => UserHelp.Good("thread-executes\0"u8);

    private static void ThreadLeaderFirst() => UserHelp.Good("leader-first\0"u8);

    private static void ThreadComputing() => UserHelp.Good("computing\0"u8);

    private static void BookExamples() => UserHelp.Good("examples\0"u8);

    private static void BookPipes() => UserHelp.Good("pipes\0"u8);

    private static void BookShell() => UserHelp.Good("shell\0"u8);

    private static void Tools() => UserHelp.Good("tools\0"u8);

    private static void ProcOfProgram() => UserHelp.Good("proc\0"u8);

    private static void RtcDevice() => UserHelp.Good("rtc\0"u8);

    private static void RandomCalls() => UserHelp.Good(CommandLine.Has("random.million"u8) ? "million\0"u8 : "random\0"u8);

    private static void OldSelect() => UserHelp.Good("old-select\0"u8);

    private static void TranslationForgotten() => UserHelp.Good("forgotten\0"u8);

    private static void TranslationOtherThread() => UserHelp.Good("other-thread\0"u8);

    private static void FramesChanged() => UserHelp.Good("changed-frames\0"u8);

    private static void ExamplesInC()
    {
        if (FsHelp.Walk("/bin/examples_c\0"u8) != 0)
        {
            Test.Skip("no C compiler for 32 bits when this was built"u8);
            return;
        }

        Check.Equal(0, UserHelp.Run("/bin/hello_c\0"u8));
        Check.Equal(0, UserHelp.Run("/bin/examples_c\0"u8));
        Check.Equal(0, UserHelp.Run("/bin/sh\0"u8, "-c\0"u8, "examples_c | grep '^The kernel stack size is 16384$'\0"u8));
        Check.Equal(0, UserHelp.Run("/bin/sh\0"u8, "-c\0"u8, "hello_c 2>&1 | grep '^/no/such/file: No such file or directory$'\0"u8));
        Check.Equal(0, UserHelp.Run("/bin/sh\0"u8, "-c\0"u8, "hello_c 2>&1 | grep '^silly_copy of 4 bytes: Invalid argument$'\0"u8));
    }

    private static void Getpid() => UserHelp.Good("getpid\0"u8);

    private static void Numbers() => UserHelp.Good("numbers\0"u8);

    private static void Registers() => UserHelp.Good("registers\0"u8);

    private static void Flags() => UserHelp.Good("flags\0"u8);

    // Each death stands in the log, and the program that saw them goes on.
    private static void Faults()
    {
        UserHelp.Good("faults\0"u8);
        Check.True(Check.CountLogged("] trap general protection"u8) >= 10);
        Check.Logged("] trap divide error ip:"u8);
        Check.Logged("] trap invalid opcode ip:"u8);
        Check.NotLogged("---[ end oops "u8);
    }

    private static void MemoryFaults()
    {
        UserHelp.Good("memory-faults\0"u8);
        Check.Logged("]: segfault at 8 ip "u8);
        Check.Logged("]: segfault at ffffffff80200000 ip "u8);
        Check.NotLogged("---[ end oops "u8);
    }

    private static void Sigreturn() => UserHelp.Good("sigreturn\0"u8);
}
