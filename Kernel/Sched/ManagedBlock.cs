// ManagedBlock: what stands before an object of new that is to be freed: see TaskStruct.NewBlocks.
//
// Linux has no counterpart. Plain data; the list belongs to the task that makes the objects, later to the module.

using System.Runtime.InteropServices;

namespace CSharpOS.Sched;

/// <summary>The head of a block: objects keep their alignment of 16.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal unsafe struct ManagedBlock
{
    internal ManagedBlock* Next;
}
