// The attribute that gives a method a symbol of its own in the kernel's image. Here it means nothing.

namespace System.Runtime;

[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    public string EntryPoint { get; } = entryPoint;
}
