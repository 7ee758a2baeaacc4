// Command: one entry of the monitor's table. Process context; a value, no lock.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Monitoring;

/// <summary>A command of the monitor. The texts are literals, which live for ever.</summary>
internal unsafe struct Command(
    ReadOnlySpan<byte> name, ReadOnlySpan<byte> usage, ReadOnlySpan<byte> help, delegate*<ReadOnlySpan<byte>, int> function)
{
    private readonly byte* _name = Pointer(name);
    private readonly byte* _usage = Pointer(usage);
    private readonly byte* _help = Pointer(help);
    private readonly int _nameLength = name.Length;
    private readonly int _usageLength = usage.Length;
    private readonly int _helpLength = help.Length;
    private readonly delegate*<ReadOnlySpan<byte>, int> _function = function;

    public readonly ReadOnlySpan<byte> Name => new(_name, _nameLength);

    public readonly ReadOnlySpan<byte> Usage => new(_usage, _usageLength);

    public readonly ReadOnlySpan<byte> Help => new(_help, _helpLength);

    /// <summary>Calls the command; -EFAULT if a fault ended it.</summary>
    public readonly int Run(ReadOnlySpan<byte> arguments)
    {
        Invocation invocation;
        invocation.Function = _function;
        invocation.Arguments = Pointer(arguments);
        invocation.Length = arguments.Length;
        invocation.Result = 0;
        return Init.Recovery.Call(&Invoke, &invocation) == 0 ? invocation.Result : -EFAULT;
    }

    private static void Invoke(void* argument)
    {
        var invocation = (Invocation*)argument;
        invocation->Result = invocation->Function(new ReadOnlySpan<byte>(invocation->Arguments, invocation->Length));
    }

    private static byte* Pointer(ReadOnlySpan<byte> text) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text));

    private struct Invocation
    {
        public delegate*<ReadOnlySpan<byte>, int> Function;
        public byte* Arguments;
        public int Length;
        public int Result;
    }
}
