// Calling conventions of function pointers: delegate* unmanaged[SuppressGCTransition]<...> and the like.
//
// Names in signatures only; they are never made.

namespace System.Runtime.CompilerServices;

/// <summary>The C calling convention.</summary>
public sealed class CallConvCdecl
{
}

/// <summary>A call without any transition.</summary>
public sealed class CallConvSuppressGCTransition
{
}

/// <summary>A C++ member function.</summary>
public sealed class CallConvMemberFunction
{
}

/// <summary>The Windows calling convention.</summary>
public sealed class CallConvStdcall
{
}

/// <summary>Arguments in registers.</summary>
public sealed class CallConvFastcall
{
}

/// <summary>A C++ method.</summary>
public sealed class CallConvThiscall
{
}
