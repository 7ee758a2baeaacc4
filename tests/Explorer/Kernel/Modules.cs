// No modules, and every address that is looked at is there.

namespace CSharpOS.Modules
{
    internal static class KernelModules;
}

namespace CSharpOS.Arch
{
    internal static unsafe class ProbeKernel
    {
        internal static int Read(Span<byte> destination, ulong address)
        {
            new ReadOnlySpan<byte>((byte*)address, destination.Length).CopyTo(destination);
            return destination.Length;
        }
    }
}
