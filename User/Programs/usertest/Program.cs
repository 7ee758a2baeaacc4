// usertest: what a program may rely on, and what it must not be able to do. The argument chooses the case; 0 if all is as it should be, else the number of
// the check that failed, with a line on standard error. The suite `user` (tests/Kernel.Suites/UserTests.cs) runs it.

namespace CSharpOS.User.Programs;

internal static unsafe class Program
{
    private static int Main(string[] args)
    {
        // Started by the kernel there are no descriptors.
        int console;
        while ((console = Open("/dev/console", O_RDWR)) is >= 0 and < 2)
        {
        }

        if (console > 2)
        {
            Close(console);
        }

        Mkdir("/tmp", 0x1ff);
        if (args.Length == 0)
        {
            return Usage("usertest CASE");
        }

        delegate*<void> body = Find(args[0]);
        if (body == null)
        {
            return ExecCases.Arrived(args);
        }

        body();
        return 0;
    }

    private static delegate*<void> Find(string name) => name switch
    {
        "getpid" => &EntryCases.Getpid,
        "numbers" => &EntryCases.Numbers,
        "registers" => &EntryCases.Registers,
        "sweep" => &EntryCases.Sweep,
        "flags" => &EntryCases.Flags,
        "faults" => &FaultCases.Instructions,
        "memory-faults" => &FaultCases.Memory,
        "sigreturn" => &FaultCases.Sigreturn,
        "addresses" => &PointerCases.Addresses,
        "descriptors" => &PointerCases.Descriptors,
        "copy-on-write" => &ProcessCases.CopyOnWrite,
        "statuses" => &ProcessCases.Statuses,
        "many" => &ProcessCases.Many,
        "vfork" => &ProcessCases.Vfork,
        "orphan" => &ProcessCases.Orphan,
        "ended-orphan" => &ProcessCases.EndedOrphan,
        "handlers" => &SignalCases.Handlers,
        "signal-registers" => &SignalCases.Registers,
        "defaults" => &SignalCases.Defaults,
        "restart" => &SignalCases.Restart,
        "child-signal" => &SignalCases.ChildSignal,
        "stops" => &SignalCases.Stops,
        "other-stack" => &SignalCases.OtherStack,
        "sleep" => &SignalCases.Sleep,
        "timer-answers" => &TimerCases.Answers,
        "timer-refusals" => &TimerCases.Refusals,
        "timer-once" => &TimerSignalCases.Once,
        "timer-overruns" => &TimerSignalCases.Overruns,
        "timer-several" => &TimerSignalCases.Several,
        "timer-thread" => &TimerSignalCases.ForThread,
        "timer-execute" => &TimerLifeCases.Execute,
        "untimed" => &TimerLifeCases.Untimed,
        "timed" => &TimerLifeCases.Timed,
        "timer-exits" => &TimerLifeCases.Exits,
        "timer-races" => &TimerLifeCases.Races,
        "itimers" => &ClockCases.Intervals,
        "processor-timers" => &ClockCases.Processor,
        "clocks" => &ClockCases.Clocks,
        "clock-set" => &ClockCases.SetClock,
        "anonymous" => &MemoryCases.Anonymously,
        "protection" => &MemoryCases.Protection,
        "private-file" => &MemoryCases.PrivateFile,
        "shared-file" => &MemoryCases.SharedFile,
        "shared-anonymous" => &MemoryCases.SharedAnonymous,
        "break" => &MemoryCases.Break,
        "stack" => &MemoryCases.Stack,
        "arguments" => &ExecCases.Arguments,
        "scripts" => &ExecCases.Scripts,
        "not-executable" => &ExecCases.NotExecutable,
        "broken-files" => &ExecCases.BrokenFiles,
        "identities" => &ThreadCases.Identities,
        "futexes" => &ThreadCases.Futexes,
        "futex-bits" => &ThreadCases.FutexBits,
        "limits" => &LinuxCases.WhatThereIs,
        "random-name" => &LinuxCases.RandomAndName,
        "masks" => &LinuxCases.Masks,
        "load" => &LinuxCases.Load,
        "group-exit" => &ThreadCases.GroupExit,
        "thread-executes" => &ThreadCases.Executes,
        "leader-gone" => &ThreadCases.LeaderGone,
        "leader-first" => &ThreadCases.LeaderFirst,
        "computing" => &ThreadCases.Computing,
        "bases" => &ThreadCases.Bases,
        "examples" => &BookCases.Examples,
        "pipes" => &BookCases.Pipes,
        "shell" => &BookCases.Shell,
        "tools" => &ProgramCases.Tools,
        "proc" => &ProgramCases.Proc,
        "rtc" => &RtcCases.Rtc,
        "random" => &RandomCases.Random,
        "million" => &RandomCases.Million,
        "inside" => &KernelCases.Inside,
        "spin" => &KernelCases.Spin,
        "visit" => &KernelCases.Visit,
        "kill-threads" => &KernelCases.KillThreads,
        "moves" => &MemoryCases.Moves,
        "old-select" => &KernelCases.OldSelect,
        "forgotten" => &TranslationCases.Forgotten,
        "other-thread" => &TranslationCases.OtherThread,
        "events" => &EventCases.Events,
        "modules" => &ModuleCases.Modules,
        "owners" => &OwnerCases.Owners,
        "ctrl-alt-del" => &KernelCases.CtrlAltDel,
        "stubborn" => &SignalCases.Stubborn,
        "changed-frames" => &FrameCases.Changed,
        _ => null,
    };
}
