// FileMapping: INTERIM.

namespace CSharpOS.Processes;

internal static unsafe class FileMapping
{
    internal static long Map(ulong address, ulong length, VmFlags flags, bool isFixed, int fd, ulong page) => -EBADF;

    internal static long MapSharedMemory(ulong address, ulong length, VmFlags flags, bool isFixed) =>
        UserMapping.Map(Current->Mm, address, length, flags, isFixed, null);
}
