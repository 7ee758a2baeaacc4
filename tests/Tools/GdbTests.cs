// The gdb helpers, with a real gdb, a kernel image, and QEMU for what needs a running kernel. Skipped unless CSOS_KERNEL_ELF names an image
// and the programs are there.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using CSharpOS.ImageTool.Elf;
using Iced.Intel;
using Xunit;

namespace CSharpOS.Tools.Tests;

/// <summary>A test that needs a built kernel image, gdb and QEMU.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GdbFactAttribute : FactAttribute
{
    public GdbFactAttribute()
    {
        string[] missing = [.. ((string[])["gdb", "qemu-system-x86_64"]).Where(p => !IsInstalled(p))];
        Skip = string.IsNullOrEmpty(KernelImageTests.ImagePath) ? "CSOS_KERNEL_ELF is not set"
            : missing.Length != 0 ? $"not installed: {string.Join(", ", missing)}"
            : null;
    }

    private static bool IsInstalled(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, program)));
}

[Collection(Serial.Name)]
public sealed class GdbTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private readonly string _directory = Directory.CreateTempSubdirectory("gdbtest").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [GdbFact]
    public void MethodsAreFoundByTheirNames()
    {
        string output = Gdb(null, "csbreak Interrupts.DoIrq", "csbreak DoIrq", "info breakpoints");
        Assert.Equal(2, Count(output, "Kernel_CSharpOS_Irq_Interrupts__DoIrq at"));
    }

    [GdbFact]
    public void MistakesAreToldInOneLine()
    {
        Assert.Contains("no method Nothing.Here in the kernel", Gdb(null, "csbreak Nothing.Here"), StringComparison.Ordinal);
        Assert.Contains("which method?", Gdb(null, "csbreak"), StringComparison.Ordinal);
        Assert.Contains("Init is not unique", Gdb(null, "csbreak Init"), StringComparison.Ordinal);
        Assert.Contains("which address?", Gdb(null, "csos-regs"), StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", Gdb(null, "csbreak Nothing.Here"), StringComparison.Ordinal);
    }

    [GdbFact]
    public void BacktraceGoesThroughTheEntryStub()
    {
        string output = OnGuest("csbreak Interrupts.DoIrq", "continue", "backtrace", "csos-log 3", "csos-regs regs");
        List<string> frames = Frames(output);
        Assert.Contains("Interrupts.DoIrq (", frames[0], StringComparison.Ordinal);
        Assert.Contains("common_interrupt (", frames[1], StringComparison.Ordinal);
        Assert.True(frames.Count > 3, output);
        Assert.DoesNotContain("??", string.Join('\n', frames), StringComparison.Ordinal);
        Assert.Matches(@"\[ +\d+\.\d{6}\] 0: ", output);
        Assert.Matches(@"rip ffffffff8[0-9a-f]{7} ", output);
        Assert.Contains(", kernel mode", output, StringComparison.Ordinal);
    }

    [GdbFact]
    public void ABreakpointInADriversHandlerShowsSourceAndLocals()
    {
        string output = OnGuest("csbreak Serial8250.Interrupt", "continue", "backtrace 3", "list", "next", "next", "next", "info locals");
        List<string> frames = Frames(output);
        Match handler = Regex.Match(
            frames[0], @"Serial8250\.Interrupt \[serial8250\] \(irq=4, devId=(0x[0-9a-f]+), .*\) at \./Drivers/Serial8250/Serial8250\.cs:\d+");
        Assert.True(handler.Success, output);
        Assert.Contains("Interrupts.DoIrq (", frames[1], StringComparison.Ordinal);
        Assert.Contains("common_interrupt (", frames[2], StringComparison.Ordinal);
        Assert.Contains("private static IrqReturn Interrupt(int irq, void* devId, PtRegs* regs)", output, StringComparison.Ordinal);
        Assert.Matches($@"(?m)^port = {handler.Groups[1].Value}$", output);
        Assert.Matches("(?m)^result = None$", output);
    }

    [GdbFact]
    public void BacktraceIsRightInAssembly()
    {
        // A leaf behind its first instruction: gdb on its own takes rbp for the frame pointer there.
        string output = OnGuest("csbreak arch_rdtsc", "continue", "stepi", "backtrace 2");
        List<string> frames = Frames(output);
        Assert.Contains("arch_rdtsc (", frames[^2], StringComparison.Ordinal);
        Assert.Matches(@"^#1 .* in [A-Z]\w+\.\w+.* at \./Kernel/", frames[^1]);
    }

    [GdbFact]
    public void BacktraceIsRightInAnEpilogue()
    {
        // Stops at the first instruction behind `add rsp` or a pop, and at those that follow it.
        const int Stops = 4;
        List<ulong> places = Epilogues("Kernel_CSharpOS_Irq_Interrupts__DoIrq");
        IEnumerable<string> breakpoints = places.Select(p => $"break *0x{p:x}");
        IEnumerable<string> stops = Enumerable.Repeat((string[])["continue", "backtrace 3"], Stops).SelectMany(c => c);
        string output = OnGuest([.. breakpoints, .. stops]);
        List<string> frames = Frames(output);
        Assert.Equal(3 * Stops, frames.Count);
        for (int i = 0; i < frames.Count; i += 3)
        {
            Assert.Contains("Interrupts.DoIrq (", frames[i], StringComparison.Ordinal);
            Assert.Contains("common_interrupt (", frames[i + 1], StringComparison.Ordinal);
            Assert.DoesNotContain("??", frames[i + 2], StringComparison.Ordinal);
        }
    }

    // The addresses of each pop, and of what comes behind the last one.
    private static List<ulong> Epilogues(string name)
    {
        ElfFile elf = ElfFile.Load(KernelImageTests.ImagePath!);
        ElfSymbol symbol = elf.Symbols.Single(s => s.Name == name);
        ElfSection text = elf.Sections[symbol.Section];
        byte[] code = elf.Bytes(text).Slice((int)(symbol.Value - text.Address), (int)symbol.Size).ToArray();
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), symbol.Value);
        List<ulong> places = [];
        bool afterPop = false;
        while (decoder.IP < symbol.Value + symbol.Size)
        {
            Instruction instruction = decoder.Decode();
            bool pops = instruction.Mnemonic == Mnemonic.Pop && instruction.Op0Register is Register.RBX or Register.RBP or >= Register.R12;
            if (pops || afterPop)
            {
                places.Add(instruction.IP);
            }

            afterPop = pops;
        }

        Assert.InRange(places.Count, 2, 100);
        return places;
    }

    private static List<string> Frames(string output) => [.. output.Split('\n').Where(l => l.StartsWith('#'))];

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    // Runs the commands on a guest that stands before its first instruction.
    private string OnGuest(params string[] commands)
    {
        string socket = Path.Combine(_directory, "gdb.sock");
        ProcessStartInfo start = new("qemu-system-x86_64")
        {
            ArgumentList =
            {
                "-m", "64", "-kernel", KernelImageTests.ImagePath!, "-display", "none", "-serial", "null", "-monitor", "none", "-no-reboot", "-S",
                "-chardev", $"socket,id=gdb,path={socket},server=on,wait=off", "-gdb", "chardev:gdb",
            },
            RedirectStandardInput = true,
        };
        using Process guest = Process.Start(start)!;
        try
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(socket), TimeSpan.FromSeconds(10)), "QEMU made no gdb socket");
            return Gdb(socket, commands);
        }
        finally
        {
            guest.Kill();
            guest.WaitForExit();
            File.Delete(socket);
        }
    }

    private static string Gdb(string? socket, params string[] commands)
    {
        string helpers = Path.Combine(Repository.Root, "tools", "gdb", "csharpos.py");
        List<string> all = ["set confirm off", "set pagination off", $"directory {Repository.Root}", $"source {helpers}"];
        if (socket is not null)
        {
            all.Add($"target remote {socket}");
        }

        all.AddRange(commands);
        ProcessStartInfo start = new("gdb") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        string[] arguments = ["-nx", "-q", "-batch", KernelImageTests.ImagePath!, .. all.SelectMany(c => (string[])["-ex", c])];
        Array.ForEach(arguments, start.ArgumentList.Add);
        using Process gdb = Process.Start(start)!;
        gdb.StandardInput.Close();
        Task<string> errors = gdb.StandardError.ReadToEndAsync();
        Task<string> output = gdb.StandardOutput.ReadToEndAsync();
        if (!gdb.WaitForExit(s_limit))
        {
            gdb.Kill();
            throw new TimeoutException($"gdb did not end: {string.Join("; ", commands)}");
        }

        return output.Result + errors.Result;
    }
}
