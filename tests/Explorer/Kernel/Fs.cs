// What the explored sources name of the file systems. Tasks of the explorer have no files, and lines no entries in /proc.

#pragma warning disable SA1649

namespace CSharpOS.Fs;

internal struct FilesStruct;

internal struct FsStruct;

internal static class CharDevices;

internal static class DeviceNodes;

internal static class ProcFs;

internal static class Sysfs;

internal static class ProcIrq
{
    internal static void Update(int irq, ReadOnlySpan<byte> name)
    {
    }
}
