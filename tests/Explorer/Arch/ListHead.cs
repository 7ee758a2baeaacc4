// What a list operation looks at or changes is a scheduling point; two that nothing orders are a data race, which the explorer reports.

using System.Runtime.CompilerServices;
using CSharpOS.Explorer;

namespace CSharpOS.Lib;

public unsafe partial struct ListHead
{
    static partial void Touched(ListHead* node, bool write)
    {
        // Null, or the poison of a node that was taken out: the real kernel would fault.
        if ((nuint)node < 4096 || (nuint)node >> 47 != 0)
        {
            throw Machine.Fail($"a list operation on a node that is on no list ({(nuint)node:x})");
        }

        Machine.Point(write ? OpKind.ListWrite : OpKind.ListRead, (nuint)node, write ? "change list" : "look at list");
    }
}
