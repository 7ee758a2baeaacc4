// IDynamicInterfaceCastable: the compiler looks for this name when it compiles interface calls. Nothing here implements it.

namespace System.Runtime.InteropServices;

/// <summary>Only a name for the compiler.</summary>
internal interface IDynamicInterfaceCastable
{
    bool IsInterfaceImplemented(RuntimeTypeHandle interfaceType, bool throwIfNotImplemented);

    RuntimeTypeHandle GetInterfaceImplementation(RuntimeTypeHandle interfaceType);

    internal static object? GetDynamicInterfaceImplementation(object instance, object interfaceType, ushort slot) => null;
}
