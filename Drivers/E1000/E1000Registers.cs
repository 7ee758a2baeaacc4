// E1000Registers: the registers and descriptors of Intel's 8254x that the driver uses.
//
// Intel, "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual", chapters 3 (descriptors) and 13 (registers). Constants only.

using System.Runtime.InteropServices;

namespace CSharpOS.Drivers;

/// <summary>Offsets in the card's memory, and their bits.</summary>
internal static class E1000Registers
{
    internal const nuint Size = 0x20000;

    internal const int Control = 0x0000, Status = 0x0008, EepromRead = 0x0014;
    internal const int CauseRead = 0x00c0, Throttling = 0x00c4, MaskSet = 0x00d0, MaskClear = 0x00d8;
    internal const int ReceiveControl = 0x0100, TransmitControl = 0x0400, TransmitGap = 0x0410;
    internal const int ReceiveBaseLow = 0x2800, ReceiveBaseHigh = 0x2804, ReceiveLength = 0x2808, ReceiveHead = 0x2810, ReceiveTail = 0x2818;
    internal const int TransmitBaseLow = 0x3800, TransmitBaseHigh = 0x3804, TransmitLength = 0x3808, TransmitHead = 0x3810, TransmitTail = 0x3818;
    internal const int ChecksumErrors = 0x4000, MissedPackets = 0x4010, MulticastTable = 0x5200, AddressLow = 0x5400, AddressHigh = 0x5404;
    internal const int MulticastWords = 128;

    internal const uint ControlAutoSpeed = 1 << 5, ControlSetLinkUp = 1 << 6, ControlReset = 1 << 26;
    internal const uint ControlLinkReset = 1 << 3, ControlInvertLoss = 1 << 7, ControlPhyReset = 1u << 31;
    internal const uint StatusFullDuplex = 1 << 0, StatusLinkUp = 1 << 1;
    internal const int StatusSpeedShift = 6;

    internal const uint EepromStart = 1 << 0, EepromDone = 1 << 4;
    internal const int EepromAddressShift = 8, EepromDataShift = 16, EepromWords = 0x40;
    internal const ushort EepromSum = 0xbaba;
    internal const uint AddressValid = 1u << 31;

    /// <summary>Causes: a descriptor was sent; the link changed; few or no receive buffers are left; a frame has come.</summary>
    internal const uint CauseSent = 1 << 0, CauseLink = 1 << 2, CauseFewBuffers = 1 << 4, CauseOverrun = 1 << 6, CauseReceived = 1 << 7;
    internal const uint ReceiveCauses = CauseFewBuffers | CauseOverrun | CauseReceived;
    internal const uint AllCauses = ReceiveCauses | CauseSent | CauseLink;

    /// <summary>On; frames to all are taken; buffers of 2048 bytes; the frame's checksum is cut off.</summary>
    internal const uint ReceiveEnable = 1 << 1, ReceiveBroadcast = 1 << 15, ReceiveStripChecksum = 1 << 26;
    internal const int BufferSize = 2048;

    /// <summary>On; short frames are filled up; 15 collisions; a collision counts for 64 bytes.</summary>
    internal const uint TransmitEnable = 1 << 1, TransmitPad = 1 << 3, TransmitCollisions = 15 << 4, TransmitDistance = 64 << 12;

    /// <summary>The manual's gaps between frames for copper: 10, 8 and 6.</summary>
    internal const uint TransmitGapCopper = 10 | (8 << 10) | (6 << 20);

    internal const byte DescriptorDone = 1 << 0, DescriptorEnd = 1 << 1;
    internal const byte CommandEnd = 1 << 0, CommandChecksum = 1 << 1, CommandReport = 1 << 3;
}

/// <summary>A receive descriptor: the card fills in all but the address.</summary>
/// <linux>e1000_rx_desc</linux>
[StructLayout(LayoutKind.Sequential)]
internal struct ReceiveDescriptor
{
    internal ulong Address;

    /// <summary>The frame's length in the lower half.</summary>
    internal uint LengthAndChecksum;

    /// <summary>From the lowest byte: status, errors, and a tag.</summary>
    internal uint StatusAndErrors;
}

/// <summary>A transmit descriptor of the old format: the card sets the status.</summary>
/// <linux>e1000_tx_desc</linux>
[StructLayout(LayoutKind.Sequential)]
internal struct TransmitDescriptor
{
    internal ulong Address;

    /// <summary>From the lowest byte: length (two), offset of a checksum, command.</summary>
    internal uint LengthAndCommand;

    /// <summary>Status in the lowest byte.</summary>
    internal uint Status;
}
