// The structures of system calls, as the i386 kernel interface lays them out.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.User;

/// <summary>What <see cref="Unix.Reboot"/> does.</summary>
public enum RebootCommand
{
    CtrlAltDelTellsInit = 0,
    Restart = 0x01234567,
    PowerOff = 0x4321fedc,
}

/// <summary>Seconds and nanoseconds.</summary>
public struct Timespec
{
    public int Seconds;
    public int Nanoseconds;
}

/// <summary>Seconds and microseconds.</summary>
public struct Timeval
{
    public int Seconds;
    public int Microseconds;
}

/// <summary>A file's properties: i386's struct stat64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct Stat
{
    public const uint TypeMask = 0xf000;
    public const uint Fifo = 0x1000;
    public const uint CharacterDevice = 0x2000;
    public const uint Directory = 0x4000;
    public const uint BlockDevice = 0x6000;
    public const uint RegularFile = 0x8000;
    public const uint SymbolicLink = 0xa000;
    public const uint Socket = 0xc000;

    public ulong Device;
    private uint _padding0;
    private uint _shortInode;
    public uint Mode;
    public uint Links;
    public uint User;
    public uint Group;
    public ulong SpecialDevice;
    private uint _padding1;
    public long Size;
    public uint BlockSize;
    public ulong Blocks;
    public Timespec Accessed;
    public Timespec Modified;
    public Timespec Changed;
    public ulong Inode;

    /// <summary>True for a directory.</summary>
    public readonly bool IsDirectory => (Mode & TypeMask) == Directory;

    /// <summary>The major number of a device.</summary>
    public readonly uint Major => (uint)((SpecialDevice >> 8) & 0xfff);

    /// <summary>The minor number of a device.</summary>
    public readonly uint Minor => (uint)((SpecialDevice & 0xff) | ((SpecialDevice >> 12) & 0xfff00));
}

/// <summary>What a process used: i386's struct rusage.</summary>
public struct Rusage
{
    public Timeval User;
    public Timeval System;
    public int LargestResident;
    private Rest _rest;

    [InlineArray(13)]
    private struct Rest
    {
        private int _first;
    }
}

/// <summary>Memory, load and uptime: i386's struct sysinfo.</summary>
public struct SysInfo
{
    public int Uptime;
    public uint Load1;
    public uint Load5;
    public uint Load15;
    public uint TotalMemory;
    public uint FreeMemory;
    public uint SharedMemory;
    public uint BufferMemory;
    public uint TotalSwap;
    public uint FreeSwap;
    public ushort Processes;
    private ushort _padding;
    public uint TotalHigh;
    public uint FreeHigh;
    public uint Unit;
    private ulong _rest;
}

/// <summary>A terminal's size.</summary>
public struct WindowSize
{
    public ushort Rows;
    public ushort Columns;
    private uint _pixels;
}

/// <summary>A terminal's settings, as the kernel keeps them.</summary>
public struct Termios
{
    public const uint ICRNL = 0x100;
    public const uint ISIG = 1;
    public const uint ICANON = 2;
    public const uint ECHO = 8;
    private const int VTIME = 5;
    private const int VMIN = 6;

    public uint Input;
    public uint Output;
    public uint Control;
    public uint Local;
    public byte Discipline;
    private ControlCharacters _characters;

    /// <summary>For a program that reads single keys: no echo, no waiting for a whole line.</summary>
    public void MakeRaw(bool signals)
    {
        Local &= ~(ICANON | ECHO | (signals ? 0 : ISIG));
        Input &= ~ICRNL;
        _characters[VMIN] = 1;
        _characters[VTIME] = 0;
    }

    [InlineArray(19)]
    private struct ControlCharacters
    {
        private byte _first;
    }
}
