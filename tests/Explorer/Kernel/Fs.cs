// What TaskStruct names of the file systems. Tasks of the explorer have no files.

#pragma warning disable SA1649

namespace CSharpOS.Fs
{
    internal struct FilesStruct;

    internal struct FsStruct;

    internal static class CharDevices;

    internal static class DeviceNodes;
}
