// LogFixture: a machine with an empty log, and consoles that remember what they were given.

using System.Collections.Generic;
using System.Text;
using CSharpOS.Arch;
using CSharpOS.Init;
using CSharpOS.Log;
using Xunit;

namespace CSharpOS.Hosted.Log;

/// <summary>Base of the tests of log, oops and panic.</summary>
public abstract unsafe class LogFixture
{
    private static readonly Dictionary<nint, StringBuilder> s_shown = [];
    private static readonly CSharpOS.Log.Console[] s_consoles = GC.AllocateArray<CSharpOS.Log.Console>(4, pinned: true);

    protected LogFixture()
    {
        Simulation.Reset();
        Simulation.InterruptsEnabled = true;
        *Simulation.Hot(0)->Current = default;
        EarlyConsole.Text = "";
        KernelStacks.Stacks.Clear();
        KernelStacks.Here = default;
        OnConsoleWrite = null;
        s_shown.Clear();
        Array.Clear(s_consoles);
        Boot("");
    }

    /// <summary>Runs whenever a console is written to.</summary>
    protected static Action? OnConsoleWrite { get; set; }

    /// <summary>The log's start with a command line.</summary>
    protected static void Boot(string commandLine)
    {
        CommandLine.Init(Encoding.UTF8.GetBytes(commandLine));
        Clock.Init();
        KernelLog.Init();
    }

    protected static CSharpOS.Log.Console* Register(int number = 0, int level = 0, ConsoleFlags flags = ConsoleFlags.None)
    {
        CSharpOS.Log.Console* console = ConsoleAt(number);
        console->Write = &Write;
        console->Level = level;
        console->Flags = flags;
        console->Name = "test"u8;
        KernelLog.RegisterConsole(console);
        return console;
    }

    protected static CSharpOS.Log.Console* ConsoleAt(int number)
    {
        fixed (CSharpOS.Log.Console* first = s_consoles)
        {
            return first + number;
        }
    }

    /// <summary>What the console has shown, time stamps replaced by [T].</summary>
    protected static string Shown(CSharpOS.Log.Console* console) => WithoutTimes(Raw(console));

    protected static string Raw(CSharpOS.Log.Console* console) =>
        s_shown.TryGetValue((nint)console, out StringBuilder? text) ? text.ToString() : "";

    protected static string WithoutTimes(string text) =>
        System.Text.RegularExpressions.Regex.Replace(text, @"\[ *\d+\.\d{6}\] ", "[T] ");

    /// <summary>The whole log as dmesg shows it, time stamps replaced by [T].</summary>
    protected static string Dmesg(ulong from = 0)
    {
        StringBuilder all = new();
        LogReader reader = new(from);
        while (reader.MoveNext())
        {
            all.Append(Encoding.UTF8.GetString(reader.Current.Line));
        }

        return WithoutTimes(all.ToString());
    }

    // A record of a length of its own, whose text can be checked: the number, a colon, and letters that follow from it.
    protected static bool Put(int number)
    {
        byte[] text = new byte[24 + (number * 7 % 90)];
        int length = Encoding.ASCII.GetBytes(number + ":", text);
        for (int i = length; i < text.Length; i++)
        {
            text[i] = (byte)('a' + ((number + i) % 26));
        }

        return LogRing.Write(LogLevel.Info, LogFlags.EndsLine, (ulong)number, 0, 0, text);
    }

    protected static int Check(ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        Assert.True(colon > 0, "not a record: " + Encoding.ASCII.GetString(text));
        int number = int.Parse(Encoding.ASCII.GetString(text[..colon]));
        Assert.Equal(24 + (number * 7 % 90), text.Length);
        for (int i = colon + 1; i < text.Length; i++)
        {
            Assert.Equal('a' + ((number + i) % 26), text[i]);
        }

        return number;
    }

    private static void Write(CSharpOS.Log.Console* console, byte* text, int length)
    {
        if (!s_shown.TryGetValue((nint)console, out StringBuilder? shown))
        {
            s_shown[(nint)console] = shown = new StringBuilder();
        }

        shown.Append(Encoding.UTF8.GetString(text, length));
        OnConsoleWrite?.Invoke();
    }
}
