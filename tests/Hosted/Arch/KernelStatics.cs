// KernelStatics: the kernel's static fields, as they are before anything ran.
//
// A machine just switched on remembers nothing. The tests share one process and run in any order, so without this a test would find what
// another one left: a softirq whose lists lie in an area that is no longer the CPU's, a terminal that is no more.

using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

internal static class KernelStatics
{
    private static readonly List<(FieldInfo Field, object? Value)> s_fields = [];

    /// <summary>The first time they are kept, afterwards put back. What is readonly stays, and what is the simulation's own.</summary>
    internal static void Restore()
    {
        if (s_fields.Count == 0)
        {
            Keep();
            return;
        }

        foreach ((FieldInfo field, object? value) in s_fields)
        {
            field.SetValue(null, value);
        }
    }

    private static void Keep()
    {
        foreach (Type type in typeof(KernelStatics).Assembly.GetTypes().Where(IsKernel))
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            FieldInfo[] fields = type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
            s_fields.AddRange(fields.Where(field => !field.IsLiteral && !field.IsInitOnly).Select(field => (field, field.GetValue(null))));
        }
    }

    private static bool IsKernel(Type type) => !type.ContainsGenericParameters && !type.IsInterface &&
        type.Namespace is { } name && name.StartsWith("CSharpOS.", StringComparison.Ordinal) &&
        !name.StartsWith("CSharpOS.Hosted", StringComparison.Ordinal) && (name != "CSharpOS.Arch" || IsShared(type));

    // Of the layer below, what is compiled from the kernel; the rest is this simulation, which resets itself.
    private static bool IsShared(Type type) => type == typeof(I8259A) || type == typeof(Madt) || type == typeof(MpTable) || type.DeclaringType is { } outer && IsShared(outer);
}
