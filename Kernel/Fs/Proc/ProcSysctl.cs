// ProcSysctl: /proc/sys/kernel: names and limits of the system, some of which can be set.
//
// Linux: kernel/sysctl.c, kernel/utsname_sysctl.c. Process context. No locks of its own.

namespace CSharpOS.Fs;

/// <summary>The directory /proc/sys.</summary>
internal static unsafe class ProcSysctl
{
    private const uint ReadOnly = 0x124, Writable = 0x1a4;
    private const int MinimumLevel = 1;

    /// <summary>Once, at boot. 0 or -ENOMEM.</summary>
    internal static int Init()
    {
        UtsName.Init();
        KernfsNode* sys = ProcFs.ProcMkdir("sys"u8, null);
        KernfsNode* kernel = sys == null ? null : ProcFs.ProcMkdir("kernel"u8, sys);
        bool complete = kernel != null && Add(kernel, "ostype"u8, &OsType) && Add(kernel, "osrelease"u8, &OsRelease) && Add(kernel, "version"u8, &Version) &&
            Add(kernel, "pid_max"u8, &PidMax) && ProcFs.CreateProcEntry("hostname"u8, Writable, kernel, &HostName, &SetHostName, null) != null &&
            ProcFs.CreateProcEntry("ctrl-alt-del"u8, Writable, kernel, &CtrlAltDel, &SetCtrlAltDel, null) != null &&
            ProcFs.CreateProcEntry("poweroff_cmd"u8, Writable, kernel, &PoweroffCommand, &SetPoweroffCommand, null) != null &&
            ProcFs.CreateProcEntry("printk"u8, Writable, kernel, &PrintkLevels, &SetPrintkLevels, null) != null;
        return complete ? 0 : -ENOMEM;
    }

    private static bool Add(KernfsNode* directory, ReadOnlySpan<byte> name, delegate*<TextArea*, void*, int> show) =>
        ProcFs.CreateProcEntry(name, ReadOnly, directory, show, null, null) != null;

    private static int OsType(TextArea* text, void* unused) => Word(text, UtsName.SysName);

    private static int OsRelease(TextArea* text, void* unused) => Word(text, KernelVersion.Release);

    private static int Version(TextArea* text, void* unused) => Word(text, UtsName.Version);

    private static int Word(TextArea* text, ReadOnlySpan<byte> word)
    {
        text->Append($"{word}\n");
        return 0;
    }

    private static int PidMax(TextArea* text, void* unused)
    {
        text->Append($"{Tasks.MaxPid + 1}\n");
        return 0;
    }

    private static int HostName(TextArea* text, void* unused)
    {
        Span<byte> name = stackalloc byte[UtsName.MaxNodeName];
        int length = UtsName.GetNodeName(name);
        return Word(text, name[..length]);
    }

    private static int SetHostName(ReadOnlySpan<byte> text, void* unused) => UtsName.SetNodeName(Kernfs.Trim(text));

    // 1: restart at once; 0: tell init.
    private static int CtrlAltDel(TextArea* text, void* unused)
    {
        text->Append($"{(Power.Reboot.CtrlAltDelRestarts ? 1 : 0)}\n");
        return 0;
    }

    private static int SetCtrlAltDel(ReadOnlySpan<byte> text, void* unused)
    {
        if (!CommandArguments.TryParse(Kernfs.Trim(text), out ulong value))
        {
            return -EINVAL;
        }

        Power.Reboot.CtrlAltDelRestarts = value != 0;
        return 0;
    }

    private static int PoweroffCommand(TextArea* text, void* unused)
    {
        Span<byte> command = stackalloc byte[Power.Reboot.CommandSize];
        int length = Power.Reboot.GetPoweroffCommand(command);
        return Word(text, command[..length]);
    }

    private static int SetPoweroffCommand(ReadOnlySpan<byte> text, void* unused) => Power.Reboot.SetPoweroffCommand(Kernfs.Trim(text));

    // console_loglevel default_message_loglevel minimum_console_loglevel default_console_loglevel
    private static int PrintkLevels(TextArea* text, void* unused)
    {
        text->Append($"{KernelLog.ConsoleLevel}\t{(int)LogLevel.Warning}\t{MinimumLevel}\t{KernelLog.DefaultConsoleLevel}\n");
        return 0;
    }

    // The first number counts; the others cannot be changed.
    private static int SetPrintkLevels(ReadOnlySpan<byte> text, void* unused)
    {
        CommandArguments words = new(Kernfs.Trim(text));
        if (!words.TryNext(out ReadOnlySpan<byte> word) || !CommandArguments.TryParse(word, out ulong level) || level is < MinimumLevel or > 10)
        {
            return -EINVAL;
        }

        KernelLog.ConsoleLevel = (int)level;
        return 0;
    }
}
