// E1000Adapter: one card.
//
// Linux: struct e1000_adapter. Made in Probe, freed in Remove. Lock: TxLock (interrupts off) guards the transmit ring, which the interface's HardStartXmit fills and the handler empties.
// The receive ring is Poll's alone, of which one runs at a time; before NapiEnable and after NapiDisable Open's and Stop's.
// Invariants: the descriptors from RxNext round to the one before it are the card's, but for those whose Done bit it has set; those from TxClean to TxNext are the card's; one
// descriptor of each ring is nobody's, or a full ring would look like an empty one.

using System.Runtime.CompilerServices;
using CSharpOS.Net;
using CSharpOS.Pci;

namespace CSharpOS.Drivers;

/// <summary>A card of the family.</summary>
internal unsafe struct E1000Adapter
{
    /// <summary>Descriptors of each ring. A multiple of eight.</summary>
    internal const int RingSize = 128;

    internal PciDevice* Pci;
    internal NetDevice* Dev;
    internal byte* Registers;
    internal NapiStruct Napi;
    internal SpinLock TxLock;

    internal ReceiveDescriptor* RxRing;
    internal TransmitDescriptor* TxRing;

    /// <summary>The next receive descriptor that the card will have filled.</summary>
    internal int RxNext;

    /// <summary>The next transmit descriptor to be filled, and the oldest that the card may still have.</summary>
    internal int TxNext, TxClean;

    internal Buffers RxBuffers, TxBuffers;

    internal uint Read(int register) => Mmio.Read32(Registers + register);

    internal void Write(int register, uint value) => Mmio.Write32(Registers + register, value);

    /// <summary>What was written has reached the card.</summary>
    internal void Flush() => Read(E1000Registers.Status);

    [InlineArray(RingSize)]
    internal struct Buffers
    {
        private nint _first;
    }
}
