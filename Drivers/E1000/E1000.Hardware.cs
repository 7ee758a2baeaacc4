// E1000.Hardware: making the card quiet, and its address.
//
// Linux: e1000_reset_hw, e1000_read_eeprom, e1000_validate_eeprom_checksum (e1000_hw.c). Process context, sleeps. No locks: the interface is not open.
// Invariant: no wait without a bound; a card that is not there reads as all ones.

using CSharpOS.Net;
using static CSharpOS.Drivers.E1000Registers;

namespace CSharpOS.Drivers;

public static unsafe partial class E1000
{
    private const uint NothingThere = uint.MaxValue;
    private const uint ResetMilliseconds = 10;
    private const int EepromWait = 10_000;

    /// <summary>Makes the card quiet and reads its address; the reset, which takes its time, waits until somebody wants to use it. 0; -ENODEV or -EIO and a message: it
    /// does not answer as it should.</summary>
    private static int Start(E1000Adapter* adapter)
    {
        if (adapter->Read(Status) == NothingThere)
        {
            return Refuse(adapter->Pci, "it does not answer"u8, -ENODEV);
        }

        Quiet(adapter);
        if (!AddressFromEeprom(adapter) && !AddressFromRegisters(adapter))
        {
            return Refuse(adapter->Pci, "neither its EEPROM nor its registers hold an address"u8, -EIO);
        }

        return 0;
    }

    /// <summary>Every register as after power-on. 0; -EIO and a message.</summary>
    private static int Reset(E1000Adapter* adapter)
    {
        Quiet(adapter);

        // The manual: the card must not be accessed for a while; then it has read its EEPROM anew.
        adapter->Write(Control, adapter->Read(Control) | ControlReset);
        Msleep(ResetMilliseconds);
        if ((adapter->Read(Control) & ControlReset) != 0)
        {
            return Refuse(adapter->Pci, "its reset does not end"u8, -EIO);
        }

        Quiet(adapter);
        return 0;
    }

    /// <summary>It neither interrupts, nor receives, nor sends.</summary>
    private static void Quiet(E1000Adapter* adapter)
    {
        adapter->Write(MaskClear, uint.MaxValue);
        adapter->Write(ReceiveControl, 0);
        adapter->Write(TransmitControl, TransmitPad);
        adapter->Flush();
        adapter->Read(CauseRead);
    }

    // The first three words of the EEPROM, if all 64 have the right sum.
    private static bool AddressFromEeprom(E1000Adapter* adapter)
    {
        ushort sum = 0;
        for (uint i = 0; i < EepromWords; i++)
        {
            if (!ReadEeprom(adapter, i, out ushort word))
            {
                return false;
            }

            sum += word;
            if (i < Ethernet.AddressLength / 2)
            {
                adapter->Dev->Address[2 * i] = (byte)word;
                adapter->Dev->Address[(2 * i) + 1] = (byte)(word >> 8);
            }
        }

        return sum == EepromSum && Ethernet.IsStation(adapter->Dev->Address);
    }

    private static bool ReadEeprom(E1000Adapter* adapter, uint address, out ushort word)
    {
        adapter->Write(EepromRead, (address << EepromAddressShift) | EepromStart);
        for (int i = 0; i < EepromWait; i++)
        {
            uint value = adapter->Read(EepromRead);
            if ((value & EepromDone) != 0 && value != NothingThere)
            {
                word = (ushort)(value >> EepromDataShift);
                return true;
            }

            // A card that lacks the register need not be asked ten thousand times.
            if (value is 0 or NothingThere)
            {
                break;
            }

            Udelay(1);
        }

        word = 0;
        return false;
    }

    // What the firmware, or the card itself, has put into the receive filter.
    private static bool AddressFromRegisters(E1000Adapter* adapter)
    {
        uint low = adapter->Read(AddressLow), high = adapter->Read(AddressHigh);
        for (int i = 0; i < Ethernet.AddressLength; i++)
        {
            adapter->Dev->Address[i] = (byte)(i < 4 ? low >> (8 * i) : high >> (8 * (i - 4)));
        }

        return (high & AddressValid) != 0 && high != NothingThere && Ethernet.IsStation(adapter->Dev->Address);
    }
}
