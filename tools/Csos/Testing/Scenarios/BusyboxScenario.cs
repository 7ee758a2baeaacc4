// An unmodified static program of Linux/i386: Debian's busybox, through the four stages of row SYS-12. It comes from Debian's archive at the first run, or from the file
// that CSOS_BUSYBOX names. Where a pipe is judged, a filter changes the data; no expected line stands in what is typed.

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>busybox.</summary>
public sealed class BusyboxScenario : GuestScenario
{
    private const string Variable = "CSOS_BUSYBOX";
    private const string AshPrompt = "~ # ";
    private const string Interrupt = "\x03", EndOfFile = "\x04", Suspend = "\x1a", Escape = "\x1b";

    // From the shell of the image.
    private static readonly (string Command, string Answer)[] s_plain =
    [
        ("busybox echo one two | tail", "^one two$"),
        ("busybox true; echo status $?", "^status 0$"),
        ("busybox false; echo status $?", "^status 1$"),
        ("busybox basename /usr/lib/libc.a .a", "^libc$"),
    ];

    // What reads files and directories.
    private static readonly (string Command, string Answer)[] s_files =
    [
        ("busybox cat /etc/passwd", "^root:x:0:0:root:/root:/bin/sh$"),
        ("busybox ls -l /bin/busybox", @"^-rwxr-xr-x +1 root +root +\d{6,} .* /bin/busybox$"),
        ("busybox ls -la / /dev", @"^d\S+ +\d+ root +root .* etc\n[^#]*^crw-rw-rw- +1 root +root +1, +3 .* null$"),
        ("busybox wc -l /etc/passwd", "^ *2 /etc/passwd$"),
        ("busybox grep -n nobody /etc/passwd", "^2:nobody:"),
        ("busybox find /etc -name 'pass*' -type f", "^/etc/passwd$"),
        ("busybox sed s,root,toor, /etc/passwd", "^toor:x:0:0:"),
        ("busybox sort -r /etc/passwd", @"^root:[^\n]*\nnobody:"),
        ("busybox awk -F: '{ print $3 + 1 }' /etc/passwd", @"^1\n65535$"),
        ("busybox date -u -d @86400 +%Y-%m-%d", "^1970-01-02$"),
        ("busybox ps", @"^ +1 root +/init\n[^#]*\[ksoftirqd/0\]\n[^#]*busybox ps$"),
        ("busybox stat -c '%n %U %a %F' /etc/passwd", "^/etc/passwd root 644 regular file$"),
        ("busybox stat -f -c '%T %s' /", "^tmpfs 4096$"),
        ("busybox du -s /etc", @"^\d+\t/etc$"),
        ("busybox pidof init", "^1$"),
        ("busybox head -n 1 /etc/passwd | busybox tr : -", "^root-x-0-0-"),
        ("busybox tail -n 1 /etc/passwd", "^nobody:"),
        ("echo hello | busybox md5sum", "^b1946ac92492d2347c6235b4d2611184 +-$"),
        ("busybox df /tmp", @"^tmpfs +\d+ +\d+ +\d+ +\d+% /tmp$"),
        ("busybox id", @"^uid=0\(root\) gid=0\(root\)"),
    ];

    // Processes, pipes and signals, in busybox's own shell.
    private static readonly (string Command, string Answer)[] s_shell =
    [
        ("echo one | tr a-z A-Z", "^ONE$"),
        ("echo x > /tmp/o; echo y >> /tmp/o; tr xy ab < /tmp/o", @"^a\nb$"),
        ("x=$(echo abc | tr a x); echo \"[$x]\"", @"^\[xbc\]$"),
        ("for i in 1 2 3; do echo $i; done | wc -l", "^ *3$"),
        ("sh -c 'kill $$' & wait $!; echo status $?", "^status 143$"),
        ("(exit 7) & wait $!; echo status $?", "^status 7$"),
        ("trap 'echo caught | tr a-z A-Z' USR1; kill -USR1 $$", "^CAUGHT$"),
        ("sh -c 'kill -SEGV $$'; echo status $?", @"^Segmentation fault\nstatus 139$"),
        ("cd /etc; pwd | tr a-z A-Z; cd /root", "^/ETC$"),
        ("time true", @"^real\s+0m"),
        ("timeout 500 sh -c 'exit 9'; echo status $?", "^status 9$"),
        ("usleep 1000; uname -s | tr a-z A-Z", "^CSHARPOS$"),
        ("seq 20000 | sort -n | tail -n 1", "^20000$"),
        ("top -bn1 | head -n 4", @"^Mem: \d+K used, \d+K free[^#]*PID +PPID USER"),
        ("ulimit -n; ulimit -s", @"^1024\n8192$"),
    ];

    // The terminal and the machine as a whole.
    private static readonly (string Command, string Answer)[] s_machine =
    [
        ("stty size", "^25 80$"),
        ("uptime", @"^ \d\d:\d\d:\d\d up "),
        ("free", @"^Mem: +\d+ +\d+ +\d+ "),
        ("dmesg | grep -c 'Freeing initrd'", "^1$"),
        ("echo direct | tr a-z A-Z > /dev/tty", "^DIRECT$"),
    ];

    /// <inheritdoc/>
    public override string Name => "busybox";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["SYS-12"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Append = "init=/init" };

    /// <inheritdoc/>
    public override async Task<Machine> PrepareAsync(ToolContext context, Workspace workspace)
    {
        try
        {
            string busybox = context.Variable(Variable) ?? await ForeignPackage.FileAsync(context, "busybox-static", "i386", "bin/busybox");
            return Machine with { Initrd = Initrd.Make([], [$"{busybox}=/bin/busybox"], workspace) };
        }
        catch (ScenarioSkippedException skipped)
        {
            throw new ScenarioSkippedException($"{skipped.Message}; {Variable}=FILE names a static busybox for i386");
        }
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(ShellScenario.Prompt);
        await AllAsync(guest, s_plain, ShellScenario.Prompt);
        await AllAsync(guest, s_files, ShellScenario.Prompt);
        await guest.TypeAsync("busybox sh\n");
        await guest.ExpectAsync(@"built-in shell \(ash\)");
        await guest.ExpectAsync(AshPrompt);
        await AllAsync(guest, s_shell, AshPrompt);
        await AllAsync(guest, s_machine, AshPrompt);
        await JobsAsync(guest);
        await EditorAsync(guest);
        await guest.TypeAsync("exit\n");
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("poweroff\n");
        await guest.ExpectAsync("Power down");
    }

    private static async Task AllAsync(Guest guest, (string Command, string Answer)[] steps, string prompt)
    {
        foreach ((string command, string answer) in steps)
        {
            await guest.TypeAsync(command + "\n");
            await guest.ExpectAsync(answer);
            await guest.ExpectAsync(prompt);
        }
    }

    // Typed is only after something has shown who reads: the shell reads ahead while it waits for a line. For the same reason nothing is signalled that has
    // not shown that it runs.
    private static async Task JobsAsync(Guest guest)
    {
        await guest.TypeAsync("sh -c 'echo ready | tr a-z A-Z; exec cat'\n");
        await guest.ExpectAsync("READY\n");
        await guest.TypeAsync("it runs\n");
        await guest.ExpectAsync("^it runs\nit runs$");
        await guest.TypeAsync(Interrupt);
        await guest.ExpectAsync(AshPrompt);
        await AllAsync(guest, [("echo status $?", "^status 130$")], AshPrompt);

        await guest.TypeAsync("sh -c 'echo ready | tr a-z A-Z; exec sleep 500' &\n");
        await guest.ExpectAsync("READY\n");
        await AllAsync(guest, [("jobs", @"^\[1\]\+ +Running +sh -c"), ("kill %1; wait; jobs", @"^\[1\]\+ +Terminated +sh -c")], AshPrompt);

        // Stopped, and back into the foreground.
        await guest.TypeAsync("sh -c 'echo ready | tr a-z A-Z; exec cat' | tr a-z A-Z\n");
        await guest.ExpectAsync("READY\n");
        await guest.TypeAsync("before\n");
        await guest.ExpectAsync("^BEFORE$");
        await guest.TypeAsync(Suspend);
        await guest.ExpectAsync(@"\[1\]\+ +Stopped +sh -c");
        await guest.ExpectAsync(AshPrompt);
        await guest.TypeAsync("fg\n");
        await guest.ExpectAsync("^sh -c");
        await guest.TypeAsync("after\n");
        await guest.ExpectAsync("^AFTER$");
        await guest.TypeAsync(EndOfFile);
        await guest.ExpectAsync(AshPrompt);

        // Stopped, and on in the background.
        await guest.TypeAsync("sh -c 'echo ready | tr a-z A-Z; exec sleep 500'\n");
        await guest.ExpectAsync("READY\n");
        await guest.TypeAsync(Suspend);
        await guest.ExpectAsync(@"\[1\]\+ +Stopped");
        await guest.ExpectAsync(AshPrompt);
        await AllAsync(guest, [("bg", @"^\[1\] sh -c"), ("jobs", @"^\[1\]\+ +Running"), ("kill %1; wait; jobs", @"^\[1\]\+ +Terminated")], AshPrompt);
    }

    // vi: raw mode, the size of the window, keys one by one.
    private static async Task EditorAsync(Guest guest)
    {
        await guest.TypeAsync("vi /tmp/v\n");
        await guest.ExpectAsync(@"\x1b\[24;1H~");
        await guest.ExpectAsync("- /tmp/v");
        await guest.TypeAsync("i");
        await guest.ExpectAsync("I /tmp/v");
        await guest.TypeAsync("by vi");
        await guest.TypeAsync(Escape);
        await guest.ExpectAsync(@"- /tmp/v \[Modified\]");
        await guest.TypeAsync("yyp:wq\n");
        await guest.ExpectAsync("'/tmp/v' 2L, 12C");
        await guest.ExpectAsync(AshPrompt);
        await AllAsync(guest, [("tr a-z A-Z < /tmp/v", @"^BY VI\nBY VI$")], AshPrompt);
    }
}
